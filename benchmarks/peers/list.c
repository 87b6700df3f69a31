/* list DATASET...: name, createtxg and guid of each snapshot. */
#include <inttypes.h>
#include <stdio.h>

#include "raw.h"

int
main(int argc, char **argv)
{
	struct snaps all = { 0 };

	raw_open();
	for (int i = 1; i < argc; i++)
		list_snaps(argv[i], &all);
	for (size_t i = 0; i < all.count; i++) {
		struct snap *snap = &all.of[i];
		(void) printf("%s\t%" PRIu64 "\t%" PRIu64 "\n", snap->name,
		    snap->createtxg, snap->guid);
	}
	return (0);
}
