/*
 * The image provider: sets the properties of a dataset that is being received,
 * as zfs_ioc_recv_impl() in module/zfs/zfs_ioctl.c does.
 */
#include <errno.h>
#include <string.h>

#include "image.h"

/* extract_delay_props(): these are set when the data has arrived */
static boolean_t
is_delayed(const char *prop)
{
	return (strcmp(prop, "refquota") == 0 ||
	    strcmp(prop, "keylocation") == 0 ||
	    strcmp(prop, "sharesmb") == 0 ? B_TRUE : B_FALSE);
}

/*
 * Take those pairs out of `props` that are to be set now: a bare name stands
 * for a property that is excluded, a value for one that is set.
 */
static int
choose(nvlist_t *props, boolean_t delayed, boolean_t excluded,
    nvlist_t **chosen)
{
	const struct nvp *nvp = &image->nvp;
	int error = image_new_errors(chosen);

	for (nvpair_t *pair = nvp->nvlist_next_nvpair(props, NULL);
	    pair != NULL && error == 0;
	    pair = nvp->nvlist_next_nvpair(props, pair)) {
		boolean_t is_bare = nvp->nvpair_type(pair) == T_BOOLEAN ?
		    B_TRUE : B_FALSE;
		if (is_delayed(nvp->nvpair_name(pair)) == delayed &&
		    is_bare == excluded)
			error = nvp->nvlist_add_nvpair(*chosen, pair);
	}
	return (error);
}

static int
set_chosen(const char *name, int source, nvlist_t *props, boolean_t delayed,
    nvlist_t *errors)
{
	nvlist_t *chosen = NULL;
	int error = choose(props, delayed, B_FALSE, &chosen);

	/* `errors` names what fails here, as long as there is memory for it. */
	if (error == 0 &&
	    image_set_from(name, source, chosen, errors) == ENOMEM)
		error = ENOMEM;
	image->nvp.nvlist_free(chosen);
	return (error);
}

/* Take values away as image_unset() does; `errors` names those that stay. */
static int
unset_all(const char *name, int source, nvlist_t *props, nvlist_t *errors)
{
	const struct nvp *nvp = &image->nvp;
	int result = 0;

	for (nvpair_t *pair = nvp->nvlist_next_nvpair(props, NULL);
	    pair != NULL; pair = nvp->nvlist_next_nvpair(props, pair)) {
		const char *prop = nvp->nvpair_name(pair);
		int error = image_unset(name, source, prop);
		if (error != 0 &&
		    nvp->nvlist_add_int32(errors, prop, error) != 0)
			result = ENOMEM;
	}
	return (result);
}

/* The value that a stream brings does not count: the parent's does. */
static int
exclude_chosen(const char *name, nvlist_t *props, boolean_t delayed,
    nvlist_t *errors)
{
	nvlist_t *chosen = NULL;
	int error = choose(props, delayed, B_TRUE, &chosen);

	if (error == 0)
		error = unset_all(name, SRC_INHERITED, chosen, errors);
	image->nvp.nvlist_free(chosen);
	return (error);
}

/*
 * clear_received_props(): received properties replace all earlier ones.  Where
 * none was ever received, the kernel takes away local values in their place.
 * The caller passes those as `local` again, so they stay as they are here.
 */
static int
clear_received(const char *name, nvlist_t *errors)
{
	nvlist_t *old = NULL;
	int error = zpool.dsl_prop_get_hasrecvd(name) ?
	    zpool.dsl_prop_get_received(name, &old) : 0;

	if (error == 0 && old != NULL)
		error = unset_all(name, SRC_NONE | SRC_RECEIVED, old, errors);
	image->nvp.nvlist_free(old);
	return (error != 0 ? error : zpool.dsl_prop_set_hasrecvd(name));
}

int
image_arrive(const char *name, nvlist_t *received, nvlist_t *local,
    boolean_t delayed, nvlist_t *errors)
{
	int error = 0;

	if (received != NULL) {
		if (!delayed)
			error = clear_received(name, errors);
		if (error == 0)
			error = set_chosen(name, SRC_RECEIVED, received,
			    delayed, errors);
	}
	if (local != NULL && error == 0) {
		error = set_chosen(name, SRC_LOCAL, local, delayed, errors);
		if (error == 0)
			error = exclude_chosen(name, local, delayed, errors);
	}
	return (error);
}
