/* A growing run of bytes.  The caller frees it, after an error too. */
struct zt_buf {
	char *data;
	size_t len;
	size_t size;
	int error;
};

void zt_buf_free(struct zt_buf *buf);
