/* A slow memory card, for LD_PRELOAD: each fsync and fdatasync takes 15 ms more, and only one at a time, as a
 * cheap card does. With SLOWCARD_LOCK naming a file, "one at a time" holds between all processes that name
 * the same one. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define DELAY_NS 15000000L

static pthread_mutex_t card = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int lock = -1;
static int (*real_fsync)(int fd), (*real_fdatasync)(int fd);

static void start(void)
{
	const char *path = getenv("SLOWCARD_LOCK");

	real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	if (path)
		lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int slowly(int (**real)(int), int fd)
{
	struct timespec delay = {0, DELAY_NS};
	int result;

	pthread_once(&once, start);
	pthread_mutex_lock(&card);
	if (lock >= 0)
		flock(lock, LOCK_EX);
	result = (*real)(fd);
	nanosleep(&delay, NULL);
	if (lock >= 0)
		flock(lock, LOCK_UN);
	pthread_mutex_unlock(&card);
	return result;
}

int fsync(int fd)
{
	return slowly(&real_fsync, fd);
}

int fdatasync(int fd)
{
	return slowly(&real_fdatasync, fd);
}
