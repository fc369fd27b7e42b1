/* capabilities.c -- what root may do beyond others, given up for good. */
#include "lib/privileges/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The bounding set is emptied first, which needs CAP_SETPCAP: who has none of
 * it has nothing that no_new_privs does not bound as well. */
int capabilities_drop(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	for (int which = 0; prctl(PR_CAPBSET_READ, which, 0, 0, 0) >= 0;
		which++)
		(void)prctl(PR_CAPBSET_DROP, which, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? errno : 0;
}
