/* A growing run of bytes; to be freed with zt_buf_free, on error too. */
struct zt_buf {
	char *data;
	size_t len;
	size_t size;
	int error;
};

void zt_buf_free(struct zt_buf *buf);
