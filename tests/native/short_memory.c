/*
 * Linked into a copy of the extension: each allocation of native/ fails when it
 * is told to, and memory and lists that native/ has not freed are counted.
 */
#include <stddef.h>

static void *made(void *old, void *new);
#define	FAULTY_MADE(old, new)		made(old, new)
#include "faulty.h"

/* What a thread has made and not freed; a call ends in the thread it began in. */
enum { MOST_LIVE = 1 << 12 };

static _Thread_local const void *live[MOST_LIVE];
static _Thread_local size_t live_count;

static void
forget(const void *gone)
{
	for (size_t i = live_count; i > 0; i--) {
		if (live[i - 1] == gone) {
			live[i - 1] = live[--live_count];
			return;
		}
	}
}

static void *
made(void *old, void *new)
{
	if (old != NULL && new != NULL)
		forget(old);
	if (new != NULL) {
		if (live_count == MOST_LIVE)
			abort();
		live[live_count++] = new;
	}
	return (new);
}

void __real_free(void *);
void __wrap_free(void *);

void
__wrap_free(void *gone)
{
	forget(gone);
	__real_free(gone);
}

/* Lists that native/ makes; those that come from OpenZFS are not known here. */
#define	COUNTED(name, params, args, out)				\
static int								\
counted_##name params							\
{									\
	int error = faulty_##name args;					\
	if (error == 0)							\
		(void) made(NULL, *(out));				\
	return (error);							\
}
COUNTED(nvlist_alloc, (nvlist_t **l, uint_t f, int k), (l, f, k), l)
COUNTED(nvlist_unpack, (char *b, size_t s, nvlist_t **l, int k),
    (b, s, l, k), l)
COUNTED(nvlist_dup, (NVP_CONST nvlist_t *l, nvlist_t **o, int k),
    (l, o, k), o)

static void
counted_nvlist_free(nvlist_t *list)
{
	forget(list);
	real.nvlist_free(list);
}

int __real_nvp_open(struct nvp *, char *, size_t);
int __wrap_nvp_open(struct nvp *, char *, size_t);

int
__wrap_nvp_open(struct nvp *nvp, char *why, size_t why_size)
{
	int error = __real_nvp_open(nvp, why, why_size);

	if (error != 0)
		return (error);
	real = *nvp;
	make_faulty(nvp);
	nvp->nvlist_alloc = counted_nvlist_alloc;
	nvp->nvlist_unpack = counted_nvlist_unpack;
	nvp->nvlist_dup = counted_nvlist_dup;
	nvp->nvlist_free = counted_nvlist_free;
	return (0);
}

/* What the test calls. */
#define	CALLED	__attribute__((visibility("default")))

CALLED void short_memory_begin(long turn, int until_end);
CALLED long short_memory_end(void);
CALLED long short_memory_live(void);

/* Have the allocation of this thread fail whose turn it is, from 1 on. */
void
short_memory_begin(long turn, int until_end)
{
	allocations = 0;
	countdown = turn;
	lasting = until_end != 0;
}

/* Have no more of them fail; return how many there were. */
long
short_memory_end(void)
{
	countdown = LONG_MAX;
	return (allocations);
}

long
short_memory_live(void)
{
	return ((long)live_count);
}
