/* The random numbers, the checks and the loop of both fuzzers. */
#ifndef ZT_FUZZ_H
#define	ZT_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned long document, accepted, refused;

#define	CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			(void) fprintf(stderr,				\
			    "%s:%d: document %lu: not so: %s\n",	\
			    __FILE__, __LINE__, document, #condition);	\
			abort();					\
		}							\
	} while (0)

/* xorshift64*: the same numbers on every libc */
static uint64_t state;

static uint64_t
any(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dULL);
}

static uint32_t
below(uint32_t n)
{
	return ((uint32_t)((any() >> 32) * n >> 32));
}

/* Fuzz as the command line says: a program, a mode, SEED, ITERATIONS, SECONDS. */
static void
run(void (*fuzz)(void), char **argv)
{
	unsigned long most = strtoul(argv[3], NULL, 10);
	time_t end = time(NULL) + strtol(argv[4], NULL, 10);

	state = strtoull(argv[2], NULL, 10) * 2 + 1;	/* never zero */
	for (document = 0; document < most && time(NULL) < end; document++)
		fuzz();
	(void) printf("%lu %lu\n", accepted, refused);
}

#endif
