/* Lists this machine's interfaces (see interfaces.h). Which of them a page or a certificate names is decided
 * by who asks. Runs in intake, office and init. */
#include "web/interfaces.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "node/base/files.h"

size_t interfaces_list(struct interface list[static INTERFACES_MOST])
{
	struct ifreq rows[INTERFACES_MOST] = {0};
	struct ifconf ask = {.ifc_len = sizeof rows, .ifc_req = rows};
	int fd CLEANUP(fd_close) = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t count = 0;

	if (fd < 0 || ioctl(fd, SIOCGIFCONF, &ask) != 0)
		return 0;
	for (size_t i = 0; i < (size_t)ask.ifc_len / sizeof *rows; i++) {
		struct interface *one = &list[count];
		struct sockaddr_in address;

		memcpy(&address, &rows[i].ifr_addr, sizeof address);
		if (address.sin_family != AF_INET)
			continue;
		memcpy(one->name, rows[i].ifr_name, sizeof one->name);
		one->name[sizeof one->name - 1] = '\0';
		one->address = address.sin_addr;
		one->is_shared = ioctl(fd, SIOCGIFFLAGS, &rows[i]) == 0 && rows[i].ifr_flags & IFF_UP &&
				 !(rows[i].ifr_flags & (IFF_LOOPBACK | IFF_POINTOPOINT));
		count++;
	}
	return count;
}

bool interfaces_is_private(struct in_addr address)
{
	uint32_t number = ntohl(address.s_addr);

	return number >> 24 == 10 || number >> 24 == 127 || number >> 20 == 0xac1 || number >> 16 == 0xc0a8 ||
	       number >> 16 == 0xa9fe;
}
