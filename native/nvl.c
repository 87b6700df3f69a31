/* Finds libnvpair, and packs and unpacks nvlists with it. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvl.h"

int
nvp_open(struct nvp *nvp, char *why, size_t why_size)
{
	memset(nvp, 0, sizeof (*nvp));
	nvp->library = dlopen("libnvpair.so.3", LIBRARY_FLAGS);
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
	int error = nvp->nvlist_size(list, len, NVL_NATIVE);

	if (error != 0)
		return (error);
	/*
	 * nvlist_pack() fills the buffer that it is given, and allocates one
	 * for NULL.
	 */
	if ((*packed = malloc(*len)) == NULL)
		return (ENOMEM);
	error = nvp->nvlist_pack(list, packed, len, NVL_NATIVE, 0);
	if (error != 0) {
		free(*packed);
		*packed = NULL;
	}
	return (error);
}

/* Tell whether each string of a pair ends within the pair. */
static bool
strings_end(const char *pair, size_t size)
{
	int16_t name_size;
	int32_t count, type;

	memcpy(&name_size, pair + 4, sizeof (name_size));
	memcpy(&count, pair + 8, sizeof (count));
	memcpy(&type, pair + 12, sizeof (type));
	if (type != T_STRING && type != T_STRING_ARRAY)
		return (true);
	if (name_size < 0 || count < 0)
		return (false);
	size_t skip = (NVL_PAIR_HEAD + (size_t)name_size + 7) / 8 * 8;
	if (type == T_STRING_ARRAY)
		skip += (size_t)count * 8;
	for (int32_t i = 0; i < (type == T_STRING ? 1 : count); i++) {
		const char *end = skip < size ?
		    memchr(pair + skip, '\0', size - skip) : NULL;
		if (end == NULL)
			return (false);
		skip = (size_t)(end - pair) + 1;
	}
	return (true);
}

/*
 * Check that unpacking will not read past the end: libnvpair measures native
 * strings by strlen, wherever that ends (i_get_value_size,
 * nvpair_native_string_array in module/nvpair/nvpair.c).  The kernel's lists
 * may be trusted, but a resume token comes from anywhere.
 */
static bool
native_is_sound(const char *packed, size_t len)
{
	size_t offset = NVL_LIST_HEAD;
	uint64_t open = 1;

	while (open > 0) {
		int32_t size, count, type;
		if (offset > len || len - offset < sizeof (size))
			return (false);
		memcpy(&size, packed + offset, sizeof (size));
		if (size == 0) {
			offset += sizeof (size);
			open--;
			continue;
		}
		if (size < NVL_PAIR_HEAD || (size_t)size > len - offset ||
		    !strings_end(packed + offset, (size_t)size))
			return (false);
		memcpy(&count, packed + offset + 8, sizeof (count));
		memcpy(&type, packed + offset + 12, sizeof (type));
		if (type == T_NVLIST)
			open++;
		if (type == T_NVLIST_ARRAY && count > 0)
			open += (uint64_t)count;
		offset += (size_t)size;
	}
	return (true);
}

int
nvl_unpack(const struct nvp *nvp, char *packed, size_t len, nvlist_t **list)
{
	*list = NULL;
	if (len > 0 && packed[0] == NVL_NATIVE && !native_is_sound(packed, len))
		return (EINVAL);
	return (nvp->nvlist_unpack(packed, len, list, 0));
}
