// A plain request-reply echo over NNG, without anything of ours: what the transport alone could do.
//
//   echo server ADDRESS CONTEXTS            prints the bound address; ends with its standard input
//   echo client ADDRESS CONTEXTS SECONDS REQUEST:REPLY [REQUEST:REPLY ...]
//
// The client keeps CONTEXTS requests under way and goes through the pairs of sizes in turn; a request's first four bytes say how long the reply shall be.
// After half a second of warm-up it counts for SECONDS and prints one JSON object.
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SMALLEST = 4, LARGEST = 16 << 20, PAIRS = 16, LATENCIES = 1 << 20 };

struct exchange {
    nng_ctx context;
    nng_aio *aio;
    int receiving;
    int pair;
    double began;
};

static int pairs;
static size_t requests[PAIRS], replies[PAIRS];
static atomic_int stopping, counting;
static atomic_long done, running;
static float latencies[LATENCIES];

static void check(int code, const char *what) {
    if (code == 0) return;
    fprintf(stderr, "error: %s: %s\n", what, nng_strerror(code));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static nng_msg *message(size_t size, uint32_t wanted) {
    nng_msg *made;
    check(nng_msg_alloc(&made, size < SMALLEST ? SMALLEST : size), "allocate a message");
    memset(nng_msg_body(made), 'x', nng_msg_len(made));
    memcpy(nng_msg_body(made), &wanted, SMALLEST);
    return made;
}

static void server_step(void *argument) {
    struct exchange *exchange = argument;
    if (nng_aio_result(exchange->aio) != 0) {
        // A peer that went away takes its reply with it; anything else is the end.
        if (nng_aio_result(exchange->aio) == NNG_ECLOSED) return;
        nng_msg *left = nng_aio_get_msg(exchange->aio);
        if (!exchange->receiving && left != NULL) nng_msg_free(left);
        exchange->receiving = 1;
        nng_ctx_recv(exchange->context, exchange->aio);
        return;
    }
    if (!exchange->receiving) {
        exchange->receiving = 1;
        nng_ctx_recv(exchange->context, exchange->aio);
        return;
    }
    nng_msg *request = nng_aio_get_msg(exchange->aio);
    uint32_t wanted = SMALLEST;
    if (nng_msg_len(request) >= SMALLEST) memcpy(&wanted, nng_msg_body(request), SMALLEST);
    nng_msg_free(request);
    if (wanted > LARGEST) wanted = LARGEST;
    exchange->receiving = 0;
    nng_aio_set_msg(exchange->aio, message(wanted, wanted));
    nng_ctx_send(exchange->context, exchange->aio);
}

static void client_send(struct exchange *exchange) {
    if (stopping) {
        running--;
        return;
    }
    exchange->receiving = 0;
    exchange->began = now();
    nng_aio_set_msg(exchange->aio, message(requests[exchange->pair], (uint32_t)replies[exchange->pair]));
    exchange->pair = (exchange->pair + 1) % pairs;
    nng_ctx_send(exchange->context, exchange->aio);
}

static void client_step(void *argument) {
    struct exchange *exchange = argument;
    check(nng_aio_result(exchange->aio), exchange->receiving ? "receive" : "send");
    if (!exchange->receiving) {
        exchange->receiving = 1;
        nng_ctx_recv(exchange->context, exchange->aio);
        return;
    }
    nng_msg_free(nng_aio_get_msg(exchange->aio));
    if (counting) {
        long number = done++;
        if (number < LATENCIES) latencies[number] = (float)((now() - exchange->began) * 1e6);
    }
    client_send(exchange);
}

static int serve(const char *address, int contexts) {
    nng_socket socket;
    nng_listener listener;
    check(nng_rep0_open(&socket), "open");
    check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, LARGEST + 64), "limit");
    check(nng_listen(socket, address, &listener, 0), address);
    int port = 0;
    nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
    printf("tcp://127.0.0.1:%d\n", port);
    fflush(stdout);
    for (int index = 0; index < contexts; index++) {
        struct exchange *exchange = calloc(1, sizeof *exchange);
        check(nng_ctx_open(&exchange->context, socket), "context");
        check(nng_aio_alloc(&exchange->aio, server_step, exchange), "operation");
        exchange->receiving = 1;
        nng_ctx_recv(exchange->context, exchange->aio);
    }
    while (getchar() != EOF) {}
    return 0;
}

static int by_value(const void *left, const void *right) {
    float difference = *(const float *)left - *(const float *)right;
    return difference < 0 ? -1 : difference > 0;
}

static int request(const char *address, int contexts, double seconds) {
    nng_socket socket;
    check(nng_req0_open(&socket), "open");
    check(nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE), "no resending");
    check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, LARGEST + 64), "limit");
    check(nng_dial(socket, address, NULL, 0), address);
    running = contexts;
    for (int index = 0; index < contexts; index++) {
        struct exchange *exchange = calloc(1, sizeof *exchange);
        exchange->pair = index % pairs;
        check(nng_ctx_open(&exchange->context, socket), "context");
        check(nng_aio_alloc(&exchange->aio, client_step, exchange), "operation");
        client_send(exchange);
    }
    usleep(500000);
    double begin = now();
    counting = 1;
    usleep((useconds_t)(seconds * 1e6));
    counting = 0;
    double elapsed = now() - begin;
    stopping = 1;
    for (int tries = 0; running > 0 && tries < 1000; tries++) usleep(1000);
    long count = done;
    long kept = count < LATENCIES ? count : LATENCIES;
    if (kept == 0) {
        fprintf(stderr, "error: no exchange came to its end\n");
        return 1;
    }
    qsort(latencies, kept, sizeof *latencies, by_value);
    printf(
        "{\"exchangesPerSecond\": %.1f, \"p50Microseconds\": %.1f, \"p99Microseconds\": %.1f}\n", count / elapsed, latencies[kept / 2],
        latencies[kept * 99 / 100]);
    return 0;
}

int main(int count, char **words) {
    if (count == 4 && strcmp(words[1], "server") == 0) return serve(words[2], atoi(words[3]));
    if (count < 6 || strcmp(words[1], "client") != 0 || count - 5 > PAIRS) {
        fprintf(stderr, "usage: echo server ADDRESS CONTEXTS | echo client ADDRESS CONTEXTS SECONDS REQUEST:REPLY ...\n");
        return 2;
    }
    for (int index = 5; index < count; index++, pairs++) {
        if (sscanf(words[index], "%zu:%zu", &requests[pairs], &replies[pairs]) != 2 || requests[pairs] > LARGEST || replies[pairs] > LARGEST) {
            fprintf(stderr, "error: '%s' is not REQUEST:REPLY in bytes\n", words[index]);
            return 2;
        }
    }
    return request(words[2], atoi(words[3]), atof(words[4]));
}
