// A mend for NNG 1.5.2, put in by the linker (`--wrap` in Package.swift): docs/adr/0006 tells why and how it was found.
//
// A transport reads and writes a message in several steps, each begun in the callback of the one before. When the connection is closed between two steps,
// nni_aio_begin refuses the next one and nobody is told: the message's own operation stays unfinished, and the library's one reaping thread waits for it for ever.
// Here a step that is refused ends with an error, like any other step on a closed connection.
#include <nng/nng.h>

#if NNG_MAJOR_VERSION != 1 || NNG_MINOR_VERSION != 5
#error "Sources/CNNGMend was written for NNG 1.5: look whether this version still needs it (docs/adr/0006), and remove it or widen this check"
#endif

int  __real_nni_aio_begin(nng_aio *operation);
void __real_nng_stream_recv(nng_stream *stream, nng_aio *operation);
void __real_nng_stream_send(nng_stream *stream, nng_aio *operation);
void nni_aio_finish_error(nng_aio *operation, int error);

int  __wrap_nni_aio_begin(nng_aio *operation);
void __wrap_nng_stream_recv(nng_stream *stream, nng_aio *operation);
void __wrap_nng_stream_send(nng_stream *stream, nng_aio *operation);

// The step that this thread is beginning on a byte stream; other operations are left as they are.
static _Thread_local nng_aio *step;

int
__wrap_nni_aio_begin(nng_aio *operation)
{
	int error = __real_nni_aio_begin(operation);
	if (error != 0 && operation == step) {
		// Not NNG_ECLOSED: when the step was one of a TLS connection's making, a listener or dialler would take that for its own end.
		nni_aio_finish_error(operation, NNG_ECONNSHUT);
	}
	return (error);
}

// TLS begins steps of the stream below within its own: hence the outer step comes back at the end.

void
__wrap_nng_stream_recv(nng_stream *stream, nng_aio *operation)
{
	nng_aio *outer = step;
	step           = operation;
	__real_nng_stream_recv(stream, operation);
	step = outer;
}

void
__wrap_nng_stream_send(nng_stream *stream, nng_aio *operation)
{
	nng_aio *outer = step;
	step           = operation;
	__real_nng_stream_send(stream, operation);
	step = outer;
}
