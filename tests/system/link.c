/* A bad line between two network namespaces, for tests: so slow, so far, so lossy, and cut now and then.
 *
 *     link NAMESPACE-A NAMESPACE-B [SEED]
 *
 * Each of the two gets a device lk0 (a TUN device; the kernel needs no netem), A with 10.77.0.1, B with
 * 10.77.0.2. What one sends, this program reads, delays, loses or hands to the other. It prints "ready", then
 * obeys lines on standard input, and ends with it:
 *
 *     shape RATE DELAY LOSS   bits a second each way (0: as fast as it goes), milliseconds one way, percent
 *     cut MS                  dead for so long. Every TCP connection from before is reset afterwards, at both
 *                             ends, as when a modem has dialled again and has another address
 *     zero                    counts from here on
 *     count                   one line of JSON: bytes that each side sent (with IP headers, and what was
 *                             lost), packets that were lost, turns (changes of direction of packets with
 *                             content: two make a round trip), TCP connections begun
 *
 * A queue in front of the line holds QUEUE_BYTES, like a small modem's; more is dropped. IPv4 only. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX 2048
#define QUEUE_BYTES 64000
#define FOREVER INT64_MAX

struct packet {
	struct packet *next;
	int64_t due; /* when it arrives, nanoseconds */
	size_t len;
	uint8_t data[];
};

/* One way: from side i to side 1 - i. */
struct way {
	int fd; /* the device on which side i sends */
	struct packet *first, **last;
	int64_t free_at; /* when the line has sent what is queued */
	unsigned long long bytes;
};

static struct way ways[2];
static double rate, loss;	  /* bits a second; 0 to 1 */
static int64_t delay, dead_until; /* nanoseconds */
static unsigned long long lost, turns, connections;
static int last_way = -1;
/* In which life of the line a connection began, by its ports. */
static unsigned line_life = 1, lives[65536];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- the devices ---- */

static void set_address(int socket_fd, struct ifreq *request, unsigned long what, const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	inet_pton(AF_INET, address, &in.sin_addr);
	memcpy(&request->ifr_addr, &in, sizeof in);
	if (ioctl(socket_fd, what, request) < 0)
		fail(address);
}

static int open_device(const char *name_space, const char *own, const char *peer)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there, device, socket_fd;
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	char path[256];

	snprintf(path, sizeof path, "/run/netns/%s", name_space);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (there < 0 || setns(there, CLONE_NEWNET) < 0)
		fail(path);
	device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	strcpy(request.ifr_name, "lk0");
	if (device < 0 || ioctl(device, TUNSETIFF, &request) < 0)
		fail("/dev/net/tun");
	socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
	set_address(socket_fd, &request, SIOCSIFADDR, own);
	set_address(socket_fd, &request, SIOCSIFDSTADDR, peer);
	if (ioctl(socket_fd, SIOCGIFFLAGS, &request) < 0)
		fail("lk0");
	request.ifr_flags |= IFF_UP | IFF_RUNNING;
	if (ioctl(socket_fd, SIOCSIFFLAGS, &request) < 0 || setns(home, CLONE_NEWNET) < 0)
		fail("lk0");
	close(socket_fd);
	close(there);
	close(home);
	return device;
}

/* ---- packets ---- */

static struct iphdr *ip_of(uint8_t *packet)
{
	return (struct iphdr *)packet;
}

/* NULL: not TCP. */
static struct tcphdr *tcp_of(uint8_t *packet, size_t len)
{
	struct iphdr *ip = ip_of(packet);
	size_t head = ip->ihl * 4u;

	return ip->protocol == IPPROTO_TCP && len >= head + sizeof(struct tcphdr)
		       ? (struct tcphdr *)(packet + head)
		       : NULL;
}

static bool has_content(uint8_t *packet, size_t len)
{
	const struct tcphdr *tcp = tcp_of(packet, len);

	return !tcp || len > ip_of(packet)->ihl * 4u + tcp->doff * 4u;
}

static uint32_t sum(const void *data, size_t len, uint32_t from)
{
	const uint8_t *at = data;

	for (; len > 1; at += 2, len -= 2)
		from += (uint32_t)at[0] << 8 | at[1];
	return from;
}

static uint16_t checksum(uint32_t from)
{
	while (from >> 16)
		from = (from & 0xffff) + (from >> 16);
	return htons((uint16_t)~from);
}

/* As if the other end of its connection had sent it. `to`: the device of whoever gets it. */
static void send_reset(int to, uint32_t source, uint32_t destination, uint16_t source_port,
	uint16_t destination_port, uint32_t seq, uint32_t ack)
{
	struct {
		struct iphdr ip;
		struct tcphdr tcp;
	} reset = {.ip = {.version = 4,
			   .ihl = 5,
			   .tot_len = htons(sizeof reset),
			   .ttl = 64,
			   .protocol = IPPROTO_TCP,
			   .saddr = source,
			   .daddr = destination},
		.tcp = {.source = source_port,
			.dest = destination_port,
			.seq = seq,
			.ack_seq = ack,
			.doff = 5,
			.rst = 1,
			.ack = 1}};

	reset.ip.check = checksum(sum(&reset.ip, sizeof reset.ip, 0));
	reset.tcp.check = checksum(
		sum(&reset.tcp, sizeof reset.tcp, sum(&reset.ip.saddr, 8, IPPROTO_TCP + sizeof reset.tcp)));
	if (write(to, &reset, sizeof reset) < 0 && errno != EAGAIN)
		fail("lk0");
}

/* Whether it belongs to a connection from before the last cut; both ends are told. */
static bool is_stale(int way, uint8_t *packet, size_t len)
{
	const struct iphdr *ip = ip_of(packet);
	const struct tcphdr *tcp = tcp_of(packet, len);
	unsigned *life;

	if (!tcp)
		return false;
	life = &lives[tcp->source ^ tcp->dest];
	if (tcp->syn)
		*life = line_life;
	connections += tcp->syn && !tcp->ack;
	if (*life == line_life || tcp->rst)
		return false;
	send_reset(ways[way].fd, ip->daddr, ip->saddr, tcp->dest, tcp->source, tcp->ack_seq, tcp->seq);
	send_reset(ways[1 - way].fd, ip->saddr, ip->daddr, tcp->source, tcp->dest, tcp->seq, tcp->ack_seq);
	return true;
}

static void take(int number, uint8_t *data, size_t len, int64_t now)
{
	struct way *way = &ways[number];
	struct packet *packet;

	if (len < sizeof(struct iphdr) || ip_of(data)->version != 4)
		return;
	way->bytes += len;
	if (way->free_at < now)
		way->free_at = now;
	if (now < dead_until || is_stale(number, data, len) ||
		(rate > 0 && (double)(way->free_at - now) / 1e9 * rate / 8 + (double)len > QUEUE_BYTES)) {
		lost++;
		return;
	}
	if (rate > 0)
		way->free_at += (int64_t)((double)len * 8 / rate * 1e9);
	if (drand48() < loss) {
		lost++;
		return;
	}
	packet = malloc(sizeof *packet + len);
	if (!packet)
		fail("a packet");
	*packet = (struct packet){.due = way->free_at + delay, .len = len};
	memcpy(packet->data, data, len);
	*way->last = packet;
	way->last = &packet->next;
}

static void take_all(int number)
{
	uint8_t data[PACKET_MAX];
	ssize_t got;

	for (int i = 0; i < 64 && (got = read(ways[number].fd, data, sizeof data)) > 0; i++)
		take(number, data, (size_t)got, now_ns());
}

/* Hands over what has arrived; when the next will. */
static int64_t deliver(int number, int64_t now)
{
	struct way *way = &ways[number];
	struct packet *packet;

	while ((packet = way->first) && packet->due <= now) {
		way->first = packet->next;
		if (!way->first)
			way->last = &way->first;
		if (now >= dead_until && write(ways[1 - number].fd, packet->data, packet->len) < 0 &&
			errno != EAGAIN)
			fail("lk0");
		if (has_content(packet->data, packet->len)) {
			turns += last_way != number;
			last_way = number;
		}
		free(packet);
	}
	return way->first ? way->first->due : FOREVER;
}

/* ---- orders ---- */

static void obey(const char *line)
{
	double bits, ms, percent;

	if (sscanf(line, "shape %lf %lf %lf", &bits, &ms, &percent) == 3) {
		rate = bits;
		delay = (int64_t)(ms * 1e6);
		loss = percent / 100;
	} else if (sscanf(line, "cut %lf", &ms) == 1) {
		dead_until = now_ns() + (int64_t)(ms * 1e6);
		line_life++;
	} else if (strcmp(line, "zero\n") == 0) {
		ways[0].bytes = ways[1].bytes = lost = turns = connections = 0;
		last_way = -1;
	} else if (strcmp(line, "count\n") == 0) {
		printf("{\"a_bytes\":%llu,\"b_bytes\":%llu,\"lost\":%llu,\"turns\":%llu,\"connections\":%llu}"
		       "\n",
			ways[0].bytes, ways[1].bytes, lost, turns, connections);
	} else {
		fprintf(stderr, "link: what is that? %s", line);
		exit(64);
	}
}

int main(int count, char **words)
{
	struct pollfd fds[3];
	char line[128];

	if (count < 3)
		return 64;
	srand48(count > 3 ? atol(words[3]) : 1);
	ways[0].fd = open_device(words[1], "10.77.0.1", "10.77.0.2");
	ways[1].fd = open_device(words[2], "10.77.0.2", "10.77.0.1");
	for (int i = 0; i < 2; i++) {
		ways[i].last = &ways[i].first;
		fds[i] = (struct pollfd){.fd = ways[i].fd, .events = POLLIN};
	}
	fds[2] = (struct pollfd){.fd = 0, .events = POLLIN};
	setvbuf(stdin, NULL, _IONBF, 0); /* so that poll knows of every line */
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	for (;;) {
		int64_t now = now_ns(), first = deliver(0, now), second = deliver(1, now),
			next = first < second ? first : second;
		struct timespec wait = {
			.tv_sec = (next - now) / 1000000000, .tv_nsec = (next - now) % 1000000000};

		if (ppoll(fds, 3, next == FOREVER ? NULL : &wait, NULL) < 0)
			fail("poll");
		for (int i = 0; i < 2; i++)
			if (fds[i].revents)
				take_all(i);
		if (fds[2].revents) {
			if (!fgets(line, sizeof line, stdin))
				return 0;
			obey(line);
		}
	}
}
