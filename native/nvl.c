#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvl.h"

enum { NATIVE = 0 };	/* NV_ENCODE_NATIVE */

int
nvp_open(struct nvp *nvp, char *why, size_t why_size)
{
	memset(nvp, 0, sizeof (*nvp));
	nvp->library = dlopen("libnvpair.so.3", RTLD_NOW | RTLD_LOCAL);
	if (nvp->library == NULL) {
		(void) snprintf(why, why_size, "%s", dlerror());
		return (ELIBACC);
	}
#define	LOAD(name)							\
	*(void **)&nvp->name = dlsym(nvp->library, #name);		\
	if (nvp->name == NULL) {					\
		(void) snprintf(why, why_size,				\
		    "libnvpair.so.3 has no %s", #name);			\
		nvp_close(nvp);						\
		return (ELIBBAD);					\
	}
#define	LOAD_FUNCTION(ret, name, args)	LOAD(name)
#define	LOAD_NUMBER(tag, type, name, sign)				\
	LOAD(nvlist_add_##name)						\
	LOAD(nvlist_add_##name##_array)					\
	LOAD(nvpair_value_##name)					\
	LOAD(nvpair_value_##name##_array)
	NVP_FUNCTIONS(LOAD_FUNCTION)
	NVP_NUMBERS(LOAD_NUMBER)
#undef	LOAD_NUMBER
#undef	LOAD_FUNCTION
#undef	LOAD
	return (0);
}

void
nvp_close(struct nvp *nvp)
{
	if (nvp->library != NULL)
		(void) dlclose(nvp->library);
	nvp->library = NULL;
}

int
nvl_pack(const struct nvp *nvp, nvlist_t *list, char **packed, size_t *len)
{
	int error = nvp->nvlist_size(list, len, NATIVE);

	if (error != 0)
		return (error);
	/* nvlist_pack fills a buffer it is given, and allocates only from NULL */
	if ((*packed = malloc(*len)) == NULL)
		return (ENOMEM);
	error = nvp->nvlist_pack(list, packed, len, NATIVE, 0);
	if (error != 0) {
		free(*packed);
		*packed = NULL;
	}
	return (error);
}

int
nvl_unpack(const struct nvp *nvp, char *packed, size_t len, nvlist_t **list)
{
	return (nvp->nvlist_unpack(packed, len, list, 0));
}
