// Measures what the machine can do at most: the limits that rates are held against.
//
//     cc -O3 -march=native Benchmarks/limits.c -o limits -lpthread && ./limits [threads]
//
// Prints one JSON object: byte dot products and float multiply-adds per second (in 1e9), and bytes read per second (in
// 1e9) from a set the size of a small model and from one that no cache holds.
#include <immintrin.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 5, CHAINS = 12, MOST_THREADS = 256 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct work {
    double (*run)(const struct work *);
    const char *memory;
    size_t bytes;
    pthread_barrier_t *start;
    double rate;
} work;

#define EACH_CHAIN(statement) \
    statement(0) statement(1) statement(2) statement(3) statement(4) statement(5) statement(6) statement(7) \
        statement(8) statement(9) statement(10) statement(11)

#if defined(__AVX512VNNI__)
/// A peak: independent chains of one instruction, each of which makes `per` results.
#define DEFINE_PEAK(name, vector, start, step, per) \
    static double name(const work *w) { \
        (void)w; \
        const long turns = 5000000; \
        vector c0 = start(0), c1 = start(1), c2 = start(2), c3 = start(3), c4 = start(4), c5 = start(5), c6 = start(6), \
               c7 = start(7), c8 = start(8), c9 = start(9), c10 = start(10), c11 = start(11); \
        const double began = now(); \
        for (long k = 0; k < turns; k++) { \
            EACH_CHAIN(step) \
        } \
        return (double)turns * CHAINS * per / (now() - began); \
    }
#define DOT(i) c##i = _mm512_dpbusd_epi32(c##i, _mm512_set1_epi8(3), _mm512_set1_epi8(2)); __asm__ volatile("" : "+v"(c##i));
#define FMA(i) c##i = _mm512_fmadd_ps(c##i, _mm512_set1_ps(0.5f), _mm512_set1_ps(2)); __asm__ volatile("" : "+v"(c##i));
DEFINE_PEAK(byte_dots, __m512i, _mm512_set1_epi32, DOT, 64)
DEFINE_PEAK(float_fmas, __m512, _mm512_set1_ps, FMA, 16)
#else
#error "written for AVX-512 VNNI; compile with -march=native on such a machine"
#endif

static double reads(const work *w) {
    const int turns = (int)((2ull << 30) / w->bytes) + 1;
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
    const double began = now();
    for (int turn = 0; turn < turns; turn++) {
        for (size_t i = 0; i + 256 <= w->bytes; i += 256) {
            a = _mm512_xor_si512(a, _mm512_load_si512(w->memory + i));
            b = _mm512_xor_si512(b, _mm512_load_si512(w->memory + i + 64));
            c = _mm512_xor_si512(c, _mm512_load_si512(w->memory + i + 128));
            d = _mm512_xor_si512(d, _mm512_load_si512(w->memory + i + 192));
        }
    }
    __asm__ volatile("" ::"v"(a), "v"(b), "v"(c), "v"(d));
    return (double)w->bytes * turns / (now() - began);
}

static void *start(void *argument) {
    work *w = argument;
    pthread_barrier_wait(w->start);
    w->rate = w->run(w);
    return NULL;
}

/// The best of several runs of all threads together, in 1e9 per second.
static double measure(double (*run)(const work *), int threads, size_t bytes) {
    char *memory = bytes > 0 ? aligned_alloc(1 << 21, bytes) : NULL;
    if (memory) memset(memory, 1, bytes);
    double best = 0;
    for (int i = 0; i < RUNS; i++) {
        pthread_barrier_t barrier;
        pthread_barrier_init(&barrier, NULL, (unsigned)threads);
        pthread_t ids[MOST_THREADS];
        work works[MOST_THREADS];
        double sum = 0;
        for (int t = 0; t < threads; t++) {
            const size_t part = bytes / (size_t)threads / 256 * 256;
            works[t] = (work){run, memory ? memory + part * (size_t)t : NULL, part, &barrier, 0};
            pthread_create(&ids[t], NULL, start, &works[t]);
        }
        for (int t = 0; t < threads; t++) {
            pthread_join(ids[t], NULL);
            sum += works[t].rate;
        }
        pthread_barrier_destroy(&barrier);
        if (sum > best) best = sum;
    }
    free(memory);
    return best / 1e9;
}

int main(int count, char **arguments) {
    const int threads = count > 1 ? atoi(arguments[1]) : 2;
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "limits: threads from 1 to %d\n", MOST_THREADS);
        return 1;
    }
    printf("{\"threads\": %d, \"byteDots\": %.1f, \"floatFMAs\": %.1f, \"readSmall\": %.1f, \"readLarge\": %.1f}\n", threads,
        measure(byte_dots, threads, 0), measure(float_fmas, threads, 0), measure(reads, threads, (size_t)92 << 20),
        measure(reads, threads, (size_t)1 << 30));
    return 0;
}
