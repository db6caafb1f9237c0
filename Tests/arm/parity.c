// Compares every kernel of every variant that this machine runs with the portable one, bit for bit.
//
// Plain C, so that it crosses to another processor without a Swift toolchain for it: `make test-arm` runs it on an
// emulated one. All NaNs count as one where arithmetic makes them, as the order of operands, which is the compiler's,
// decides which NaN comes through; conversions must give the very bits.
#include "CPinionKernels.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_REPORTED = 10 };

static const pn_kernels *portable, *variant;
static const char *kernel;
static char place[160];
static long values, cases, wrong;

static uint64_t seed = 0x9e3779b97f4a7c15;
static uint32_t random_bits(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32);
}
static size_t random_below(size_t n) { return random_bits() % n; }
/// Nearly normal, of variance 1.
static float random_bell(void) {
    float sum = 0;
    for (int i = 0; i < 3; i++) sum += (float)(int32_t)random_bits() * 0x1p-31f;
    return sum;
}
static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}
/// Any finite half, or with `tame` one between 2^-10 and 4.
static uint16_t random_half(int tame) {
    const uint32_t bits = random_bits();
    const uint32_t exponent = tame ? 5 + bits / 2048 % 12 : bits / 2048 % 31;
    return (uint16_t)((bits & 0x83ff) | exponent << 10);
}

/// Memory of the current case, on cache lines; what a kernel writes is followed by values it must not touch.
static _Alignas(64) uint8_t arena[32 << 20];
static size_t used;
static void *take(size_t bytes) {
    void *p = arena + used;
    used += (bytes + 127) / 64 * 64;
    if (used > sizeof arena) abort();
    memset(p, 0x55, bytes + 64);
    return p;
}

static void begin(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(place, sizeof place, format, arguments);
    va_end(arguments);
    used = 0;
    cases++;
}
static void report(const char *what, size_t at, double expected, double found) {
    printf("%s %s, %s: %s[%zu] is %.9g, portable %.9g\n", variant->name, kernel, place, what, at, found, expected);
    if (++wrong == MOST_REPORTED) {
        printf("... and perhaps more\n");
        exit(1);
    }
}
static void same_floats(const char *what, const float *expected, const float *found, size_t count) {
    values += (long)count;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(expected + i, found + i, 4) == 0) continue;
        if (expected[i] != expected[i] && found[i] != found[i]) continue;
        report(what, i, expected[i], found[i]);
    }
}
#define SAME_BITS(type, what, expected, found, count) \
    do { \
        values += (long)(count); \
        for (size_t i = 0; i < (size_t)(count); i++) { \
            if (memcmp((const type *)(expected) + i, (const type *)(found) + i, sizeof(type)) != 0) \
                report(what, i, (double)((const type *)(expected))[i], (double)((const type *)(found))[i]); \
        } \
    } while (0)

typedef enum row_kind {
    BELL, OUTLIERS, AT_LIMIT, TIES, ZEROS, MINUS_ZEROS, STEEP, HUGE_NUMBERS, TINY_NUMBERS, SUBNORMAL, LARGEST,
    ANY_FINITE, FINITE_KINDS,
    WITH_INFINITY = FINITE_KINDS, WITH_NAN, ANY_BITS, ROW_KINDS
} row_kind;

static void fill(float *x, size_t count, row_kind kind) {
    for (size_t i = 0; i < count; i++) {
        const float bell = random_bell();
        const uint32_t bits = random_bits();
        switch (kind) {
        case TIES: x[i] = (float)(bits % 127) + 0.5f; break;
        case ZEROS: x[i] = 0; break;
        case MINUS_ZEROS: x[i] = bits & 1 ? -0.0f : 0.0f; break;
        case STEEP: x[i] = bell * 1e-6f; break;
        case HUGE_NUMBERS: x[i] = bell * 1e30f; break;
        case TINY_NUMBERS: x[i] = bell * 1e-36f; break;
        case SUBNORMAL: x[i] = bell * 1e-42f; break;
        case LARGEST: x[i] = bits & 1 ? 0x1.fffffep127f : -0x1.fffffep127f; break;
        case ANY_FINITE: x[i] = float_of((bits & 0x80ffffff) | (bits >> 24 & 0x7f) % 0x7f << 24); break;
        case ANY_BITS: x[i] = float_of(bits); break;
        default: x[i] = bell; break;
        }
    }
    if (count == 0) return;
    const size_t at = random_below(count), other = random_below(count);
    if (kind == OUTLIERS) x[at] = 90, x[other] = -200;
    if (kind == AT_LIMIT && count > 181) {
        // The mean square is 1: 12 is an outlier, 6 is just none.
        for (size_t i = 0; i < count; i++) x[i] = i < count - 180 ? 1 : 0;
        x[count - 1] = 12, x[count - 2] = -6;
    }
    if (kind == TIES) x[at] = 127;
    if (kind == STEEP) x[at] = 1e6f;
    if (kind == WITH_INFINITY) x[at] = INFINITY, x[other] = -INFINITY;
    if (kind == WITH_NAN) x[at] = NAN;
}
/// Rows of all kinds that are finite, one kind for each token.
static void fill_tokens(float *x, size_t tokens, size_t columns) {
    for (size_t t = 0; t < tokens; t++) fill(x + t * columns, columns, (row_kind)((t + columns) % FINITE_KINDS));
}

static size_t tiles_of(size_t tokens) { return (tokens + PN_TILE_TOKENS - 1) / PN_TILE_TOKENS; }

static pn_quantised take_quantised(size_t tokens, size_t columns) {
    const size_t blocks = columns / PN_BLOCK_COLUMNS, places = tiles_of(tokens) * PN_TILE_TOKENS * blocks;
    const size_t outliers = tiles_of(tokens) * pn_outlier_capacity(columns);
    return (pn_quantised){.blocks = blocks, .quants = take(places * PN_BLOCK_COLUMNS), .scales = take(places * 4),
        .scaled_sums = take(places * 4), .minus_sums = take(places * 2 * 4),
        .outliers = take(tiles_of(tokens) * 4), .outlier_columns = take(outliers * 4),
        .outlier_values = take(outliers * PN_TILE_TOKENS * 4)};
}

static void test_quantise(void) {
    kernel = "quantise";
    static const size_t columns[] = {32, 64, 96, 160, 576, 992};
    for (size_t n = 0; n < sizeof columns / sizeof *columns; n++) {
        for (int kind = 0; kind < ROW_KINDS; kind++) {
            for (size_t token = 0; token < 17; token += PN_TILE_TOKENS) {
                const size_t c = columns[n], blocks = c / PN_BLOCK_COLUMNS, count = 1 + (n + (size_t)kind) % PN_TILE_TOKENS;
                const size_t tiles = tiles_of(token + count), tokens = tiles * PN_TILE_TOKENS;
                begin("%zu columns, row kind %d, %zu tokens from %zu", c, kind, count, token);
                float *x = take(count * c * 4);
                // One row of the kind among rows of others.
                fill_tokens(x, count, c);
                fill(x + random_below(count) * c, c, (row_kind)kind);
                pn_quantised expected = take_quantised(tokens, c), found = take_quantised(tokens, c);
                portable->quantise(x, &expected, token, count);
                variant->quantise(x, &found, token, count);
                SAME_BITS(int8_t, "quants", expected.quants, found.quants, tokens * c + 1);
                same_floats("scales", expected.scales, found.scales, tokens * blocks + 1);
                same_floats("scaled_sums", expected.scaled_sums, found.scaled_sums, tokens * blocks + 1);
                SAME_BITS(int32_t, "minus_sums", expected.minus_sums, found.minus_sums, tokens * blocks * 2 + 1);
                SAME_BITS(int32_t, "outliers", expected.outliers, found.outliers, tiles + 1);
                const size_t capacity = tiles * pn_outlier_capacity(c);
                SAME_BITS(int32_t, "outlier_columns", expected.outlier_columns, found.outlier_columns, capacity + 1);
                same_floats("outlier_values", expected.outlier_values, found.outlier_values, capacity * PN_TILE_TOKENS + 1);
            }
        }
    }
}

/// Random units; `tame` ones have scales near 1 and no infinite sums.
static void fill_weights(uint8_t *weights, size_t units, pn_format format, int tame) {
    const pn_layout layout = pn_traits_of_format(format)->layout;
    const pn_scaling scaling = pn_traits_of_format(format)->scaling;
    for (size_t u = 0; u < units; u++) {
        uint8_t *unit = weights + u * layout.bytes;
        for (size_t i = 0; i < layout.bytes; i++) unit[i] = (uint8_t)random_bits();
        size_t halves = (layout.bytes - layout.scales) / 2;
        if (scaling == PN_SUB_SCALES || scaling == PN_SPLIT_NIBBLES) halves = 32;
        if (scaling == PN_SIGNED_SCALES || scaling == PN_SPLIT_SCALES) halves = 16;
        uint16_t *scales = (uint16_t *)(unit + layout.scales);
        if (format == PN_F32) {
            fill((float *)unit, PN_GROUP_ROWS, tame ? BELL : ANY_FINITE);
            continue;
        }
        if (format == PN_F16) scales = (uint16_t *)unit, halves = PN_GROUP_ROWS;
        if (format == PN_BF16) {
            for (int i = 0; i < PN_GROUP_ROWS; i++) {
                float x = random_bell();
                memcpy((uint16_t *)unit + i, (uint8_t *)&x + 2, 2);
            }
            continue;
        }
        if (scaling == PN_SPLIT_FLOATS) {
            // Halves, or eighths of them, as files have them: of 11 significant bits.
            uint16_t halves_of_rows[PN_GROUP_ROWS];
            for (int i = 0; i < PN_GROUP_ROWS; i++) halves_of_rows[i] = random_half(tame);
            portable->from_half(halves_of_rows, PN_GROUP_ROWS, (float *)scales);
            for (int i = 0; i < PN_GROUP_ROWS; i++) ((float *)scales)[i] /= 8;
            uint8_t *codes = (uint8_t *)scales + 4 * PN_GROUP_ROWS;
            for (int i = 0; i < 16; i++) codes[i] = random_bits() & 127;
            continue;
        }
        if (scaling == PN_BRAIN_SCALES) {
            // Powers of two, subnormal ones included.
            for (size_t i = 0; i < halves; i++) {
                const uint32_t exponent = tame ? 120 + random_below(10) : random_below(253);
                scales[i] = (uint16_t)(exponent > 0 ? exponent << 7 : 0x20u << random_below(2));
            }
            continue;
        }
        for (size_t i = 0; i < halves; i++) scales[i] = random_half(tame);
    }
}

static void test_matmul(pn_format format, size_t columns, size_t groups, size_t tokens, int tame) {
    char name[32];
    snprintf(name, sizeof name, "matmul %s", pn_traits_of_format(format)->name);
    kernel = name;
    begin("%zu columns, %zu groups, %zu tokens, %s weights", columns, groups, tokens, tame ? "tame" : "wild");
    const pn_layout layout = pn_traits_of_format(format)->layout;
    const size_t units = (columns + layout.columns - 1) / layout.columns;
    // Neither stride is a multiple of anything.
    const size_t x_stride = columns + 3, out_stride = groups * PN_GROUP_ROWS + 5, outs = tokens * out_stride + 16;
    uint8_t *weights = take(groups * units * layout.bytes);
    fill_weights(weights, groups * units, format, tame);
    float *x = take(tokens * x_stride * 4), *expected = take(outs * 4), *found = take(outs * 4);
    fill_tokens(x, tokens, x_stride);
    if (!tame) x[random_below(columns)] = NAN, x[(tokens - 1) * x_stride + random_below(columns)] = INFINITY;
    pn_matmul m = {.weights = weights, .group_bytes = units * layout.bytes, .columns = columns, .x = x,
        .x_stride = x_stride, .tokens = tokens, .out_stride = out_stride};
    if (layout.block_bytes != 0) {
        m.q = take_quantised(tokens, columns);
        for (size_t t = 0; t < tokens; t += PN_TILE_TOKENS) {
            const size_t count = tokens - t < PN_TILE_TOKENS ? tokens - t : PN_TILE_TOKENS;
            // The kernel takes rows without gaps between them.
            float *rows = take(count * columns * 4);
            for (size_t i = 0; i < count; i++) memcpy(rows + i * columns, x + (t + i) * x_stride, columns * 4);
            portable->quantise(rows, &m.q, t, count);
        }
    }
    m.out = expected;
    portable->matmul[format](&m, groups > 1, groups - (groups > 1));
    m.out = found;
    variant->matmul[format](&m, groups > 1, groups - (groups > 1));
    same_floats("out", expected, found, outs);
}

static void test_matmuls(void) {
    static const size_t whole_blocks[] = {32, 64, 96, 160, 256, 288, 544}, any[] = {1, 2, 7, 33, 100};
    for (int format = 0; format < PN_FORMAT_COUNT; format++) {
        const int quantised = pn_traits_of_format((pn_format)format)->bits != 0;
        const size_t *columns = quantised ? whole_blocks : any;
        const size_t count = quantised ? sizeof whole_blocks / sizeof *columns : sizeof any / sizeof *columns;
        for (size_t n = 0; n < count; n++) {
            for (size_t tokens = 1; tokens <= 17; tokens++) {
                test_matmul((pn_format)format, columns[n], 1 + (tokens + n) % 3, tokens, tokens % 3 > 0);
            }
        }
        // More tokens than one pass over the row groups takes.
        test_matmul((pn_format)format, columns[1], 3, 128, 1);
        test_matmul((pn_format)format, columns[2], 2, 135, 1);
    }
}

typedef void attention_kernel(const pn_attention *a);

/// Runs both kernels with queries of `kind` over the cache that `a` describes.
static void compare_attention(attention_kernel *expected_kernel, attention_kernel *found_kernel, pn_attention a,
    row_kind kind) {
    const size_t row = a.heads * a.head_dim + 5, outs = a.tokens * row + 16;
    float *queries = take(a.tokens * row * 4), *expected = take(outs * 4), *found = take(outs * 4);
    fill(queries, a.tokens * row, kind);
    float *sinks = take(a.heads * 4);
    fill(sinks, a.heads, BELL);
    // Every second case has sinks, every fourth a window.
    a.sinks = cases % 2 ? sinks : NULL;
    if (a.window == 0 && cases % 4 > 1) a.window = 1 + random_below(a.length + 8);
    a.queries = queries;
    a.query_stride = a.out_stride = row;
    a.scale = 1 / sqrtf((float)a.head_dim);
    a.out = expected;
    expected_kernel(&a);
    a.out = found;
    found_kernel(&a);
    same_floats("out", expected, found, outs);
}

static int32_t *take_table(size_t blocks) {
    int32_t *table = take(blocks * 4);
    for (size_t b = 0; b < blocks; b++) table[b] = (int32_t)(blocks - 1 - b);
    return table;
}

/// Keys and values of `size` bytes each: halves or floats.
static void test_attention_numbers(size_t size, size_t dim, size_t heads, size_t tokens, size_t length, row_kind kind) {
    const int halves = size == sizeof(uint16_t);
    kernel = halves ? "attention f16" : "attention f32";
    begin("dimension %zu, %zu heads, %zu tokens, length %zu, query kind %d", dim, heads, tokens, length, (int)kind);
    const size_t padded = (dim + 15) / 16 * 16, longest = length + tokens - 1;
    const size_t blocks = (longest + PN_CACHE_BLOCK_TOKENS - 1) / PN_CACHE_BLOCK_TOKENS;
    const size_t block_stride = (dim + padded) * PN_CACHE_BLOCK_TOKENS + 3;
    uint8_t *cache = take(blocks * block_stride * size);
    // What the sequence does not own is NaN, as halves and as floats of two of them.
    for (size_t i = 0; i < blocks * block_stride * size / 2; i++) ((uint16_t *)cache)[i] = 0x7fc1;
    const int32_t *table = take_table(blocks);
    for (size_t t = 0; t < longest; t++) {
        const size_t block = (size_t)table[t / 16] * block_stride;
        for (size_t d = 0; d < dim; d++) {
            const size_t places[] = {block + d * 16 + t % 16, block + dim * 16 + t % 16 * padded + d};
            for (int i = 0; i < 2; i++) {
                if (halves) ((uint16_t *)cache)[places[i]] = random_half(1);
                else ((float *)cache)[places[i]] = random_bell();
            }
        }
    }
    compare_attention(halves ? portable->attention_f16 : portable->attention_f32,
        halves ? variant->attention_f16 : variant->attention_f32,
        (pn_attention){.tokens = tokens, .heads = heads, .head_dim = dim, .keys = cache,
            .values = cache + dim * PN_CACHE_BLOCK_TOKENS * size, .block_stride = block_stride * size, .table = table,
            .length = length},
        kind);
}

static void test_attention_q8(size_t dim, size_t heads, size_t tokens, size_t length, row_kind kind) {
    kernel = "attention q8";
    begin("dimension %zu, %zu heads, %zu tokens, length %zu, query kind %d", dim, heads, tokens, length, (int)kind);
    const size_t padded = (dim + 15) / 16 * 16, groups = (dim + 31) / 32, longest = length + tokens - 1;
    const size_t blocks = (longest + PN_CACHE_BLOCK_TOKENS - 1) / PN_CACHE_BLOCK_TOKENS;
    // Keys, their scales, values, their scales; then a gap.
    const size_t values_at = (dim + 2 * groups) * PN_CACHE_BLOCK_TOKENS;
    const size_t block_stride = values_at + (padded + 2 * groups) * PN_CACHE_BLOCK_TOKENS + 6;
    uint8_t *cache = take(blocks * block_stride);
    for (size_t i = 0; i < blocks * block_stride; i++) cache[i] = (uint8_t)random_bits();
    const int32_t *table = take_table(blocks);
    uint16_t *key_scales = (uint16_t *)(cache + dim * PN_CACHE_BLOCK_TOKENS);
    uint16_t *value_scales = (uint16_t *)(cache + values_at + padded * PN_CACHE_BLOCK_TOKENS);
    for (size_t t = 0; t < blocks * PN_CACHE_BLOCK_TOKENS; t++) {
        for (size_t g = 0; g < groups; g++) {
            const size_t at = (size_t)table[t / 16] * block_stride / 2 + g * 16 + t % 16;
            // Of numbers up to 4; what the sequence does not own is NaN, and with a kind that is not finite its last token.
            const int owned = t < longest && (t + 1 < longest || kind < FINITE_KINDS);
            key_scales[at] = owned ? (uint16_t)(random_bits() % 0x2800) : 0x7e01;
            value_scales[at] = owned ? (uint16_t)(random_bits() % 0x2800) : 0x7e01;
        }
    }
    compare_attention(portable->attention_q8, variant->attention_q8,
        (pn_attention){.tokens = tokens, .heads = heads, .head_dim = dim, .keys = cache, .values = cache + values_at,
            .key_scales = key_scales, .value_scales = value_scales, .block_stride = block_stride, .table = table,
            .length = length},
        kind);
}

static void test_attention(size_t dim, size_t heads, size_t tokens, size_t length, row_kind kind) {
    test_attention_numbers(sizeof(float), dim, heads, tokens, length, kind);
    test_attention_numbers(sizeof(uint16_t), dim, heads, tokens, length, kind);
    test_attention_q8(dim, heads, tokens, length, kind);
}

static void test_attentions(void) {
    static const size_t dims[] = {16, 24, 40, 64, 80, 128, 250, 512}, lengths[] = {1, 2, 15, 16, 17, 33, 127, 128, 129, 300};
    for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
        for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++) {
            for (size_t heads = 1; heads <= 9; heads += heads < 4 ? 1 : heads < 6 ? 2 : 3) {
                for (size_t tokens = 1; tokens <= 5; tokens += 2) {
                    test_attention(dims[d], heads, tokens, lengths[n], BELL);
                }
            }
            for (int kind = 0; kind < ROW_KINDS; kind++) {
                test_attention(dims[d], 2, 2, lengths[n] / 2 + 1, (row_kind)kind);
            }
        }
    }
}

static void test_rows_of(size_t count, row_kind kind) {
    const size_t room = (count + 16) * 4;
    const char *const names[] = {"rms_norm", "silu_multiply", "add", "maximum", "exp_sum", "exp_sum in place", "clamped_swiglu"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        kernel = names[k];
        begin("%zu columns, row kind %d", count, (int)kind);
        float *x = take(room), *y = take(room), *expected = take(room), *found = take(room);
        fill(x, count, kind);
        fill(y, count, random_bits() % 4 ? BELL : kind);
        float sums[2] = {0, 0};
        const pn_kernels *const tables[2] = {portable, variant};
        for (int i = 0; i < 2; i++) {
            const pn_kernels *table = tables[i];
            float *out = i == 0 ? expected : found;
            if (k == 2 || k == 5) memcpy(out, x, count * 4);
            switch (k) {
            case 0: table->rms_norm(x, y, count, 1e-5f, out); break;
            case 1: table->silu_multiply(x, y, count, out); break;
            case 2: table->add(out, y, count); break;
            case 3: sums[i] = table->maximum(x, count); break;
            case 4: sums[i] = table->exp_sum(x, count, y[0], 0.75f, out); break;
            case 6: table->clamped_swiglu(x, y, count, 1.702f, 7, out); break;
            default: sums[i] = table->exp_sum(out, count, portable->maximum(x, count), 1, out); break;
            }
        }
        same_floats("out", expected, found, count + 16);
        same_floats("result", sums, sums + 1, 1);
    }
}

static void test_rows(void) {
    for (size_t count = 1; count <= 67; count++) {
        for (int kind = 0; kind < ROW_KINDS; kind++) test_rows_of(count, (row_kind)kind);
    }
    for (int kind = 0; kind < ROW_KINDS; kind++) test_rows_of(1017, (row_kind)kind);
}

/// Where the exponential's steps lie: halfway between two powers of two, and at the ends of its range.
static void test_exponential(void) {
    enum { NEIGHBOURS = 4, COUNT = 2 * NEIGHBOURS + 1 };
    kernel = "exp_sum";
    for (int n = -127; n <= 128; n++) {
        const float middle = n == -127 ? -87.3f : n == 128 ? 88.0f : ((float)n + 0.5f) / 1.44269504f;
        begin("neighbours of %.9g", middle);
        uint32_t bits;
        memcpy(&bits, &middle, 4);
        float x[COUNT], *expected = take(sizeof x), *found = take(sizeof x), sums[2];
        for (int i = 0; i < COUNT; i++) x[i] = float_of(bits + (uint32_t)(i - NEIGHBOURS));
        sums[0] = portable->exp_sum(x, COUNT, 0, 1, expected);
        sums[1] = variant->exp_sum(x, COUNT, 0, 1, found);
        same_floats("out", expected, found, COUNT);
        same_floats("result", sums, sums + 1, 1);
    }
}

static void test_rope(void) {
    kernel = "rope";
    for (size_t dim = 2; dim <= 80; dim += 6) {
        for (size_t heads = 1; heads <= 3; heads++) {
            for (size_t part = 1; part <= 4; part++) {
                const size_t pairs = part % 2 ? dim / 2 : (dim + 2) / 4, step = part > 2 ? 2 : 1;
                const size_t distance = part > 2 ? 1 : pairs, count = heads * dim;
                begin("dimension %zu, %zu heads, %zu pairs, step %zu, distance %zu", dim, heads, pairs, step, distance);
                float *expected = take(count * 4), *found = take(count * 4), *cosines = take(pairs * 4);
                float *sines = take(pairs * 4);
                fill(expected, count, (row_kind)(dim % ROW_KINDS));
                memcpy(found, expected, count * 4);
                fill(cosines, pairs, BELL);
                fill(sines, pairs, BELL);
                portable->rope(expected, heads, dim, pairs, step, distance, cosines, sines);
                variant->rope(found, heads, dim, pairs, step, distance, cosines, sines);
                same_floats("x", expected, found, count + 1);
            }
        }
    }
}

static void compare_to_half(const float *x, size_t count) {
    uint16_t *expected = take((count + 16) * 2), *found = take((count + 16) * 2);
    portable->to_half(x, count, expected);
    variant->to_half(x, count, found);
    SAME_BITS(uint16_t, "out", expected, found, count + 16);
}

static void test_halves(void) {
    enum { HALVES = 65536, RANDOM = 1 << 20 };
    kernel = "from_half";
    begin("all halves");
    uint16_t *halves = take(HALVES * 2);
    for (int i = 0; i < HALVES; i++) halves[i] = (uint16_t)i;
    uint32_t *expected = take(HALVES * 4), *found = take(HALVES * 4);
    portable->from_half(halves, HALVES, (float *)expected);
    variant->from_half(halves, HALVES, (float *)found);
    SAME_BITS(uint32_t, "out", expected, found, HALVES);

    kernel = "to_half";
    static const uint32_t offsets[] = {0, 1, 0xfff, 0x1000, 0x1001, 0x1fff};
    for (size_t n = 0; n < sizeof offsets / sizeof *offsets; n++) {
        begin("every half and %u units in the last place of its float", (unsigned)offsets[n]);
        float *x = take(HALVES * 4);
        portable->from_half(halves, HALVES, x);
        for (int i = 0; i < HALVES; i++) {
            uint32_t bits;
            memcpy(&bits, x + i, 4);
            x[i] = float_of(bits + offsets[n]);
        }
        compare_to_half(x, HALVES);
    }
    begin("random floats");
    float *x = take(RANDOM * 4);
    fill(x, RANDOM, ANY_BITS);
    compare_to_half(x, RANDOM);
    begin("random floats about the range of halves");
    x = take(RANDOM * 4);
    for (int i = 0; i < RANDOM; i++) {
        const uint32_t bits = random_bits();
        x[i] = float_of((bits & 0x807fffff) | (100 + (bits >> 23 & 0xff) % 45) << 23);
    }
    compare_to_half(x, RANDOM);
    for (size_t count = 0; count <= 67; count++) {
        kernel = "to_half";
        begin("%zu floats", count);
        x = take(count * 4);
        fill(x, count, BELL);
        compare_to_half(x, count);
        kernel = "from_half";
        float *a = take((count + 16) * 4), *b = take((count + 16) * 4);
        halves = take(count * 2);
        for (size_t i = 0; i < count; i++) halves[i] = random_half(0);
        portable->from_half(halves, count, a);
        variant->from_half(halves, count, b);
        SAME_BITS(uint32_t, "out", a, b, count + 16);
    }
}

static void compare_to_q8(const float *x, size_t count) {
    const size_t scales = (count + 31) / 32 + 1;
    int8_t *quants[2] = {take(count + 16), take(count + 16)};
    uint16_t *groups[2] = {take(scales * 2), take(scales * 2)};
    portable->to_q8(x, count, quants[0], groups[0]);
    variant->to_q8(x, count, quants[1], groups[1]);
    SAME_BITS(int8_t, "quants", quants[0], quants[1], count + 16);
    SAME_BITS(uint16_t, "scales", groups[0], groups[1], scales);
}

static void test_finite(void) {
    kernel = "to_finite";
    for (size_t count = 1; count <= 67; count++) {
        for (int kind = 0; kind < ROW_KINDS; kind++) {
            begin("%zu floats, row kind %d", count, kind);
            float *x = take(count * 4), *expected = take((count + 16) * 4), *found = take((count + 16) * 4);
            fill(x, count, (row_kind)kind);
            portable->to_finite(x, count, expected);
            variant->to_finite(x, count, found);
            SAME_BITS(uint32_t, "out", expected, found, count + 16);
        }
    }
}

static void test_bytes(void) {
    kernel = "to_q8";
    for (size_t count = 1; count <= 100; count++) {
        for (int kind = 0; kind < ROW_KINDS; kind++) {
            begin("%zu floats, row kind %d", count, kind);
            float *x = take(count * 4);
            fill(x, count, (row_kind)kind);
            compare_to_q8(x, count);
        }
    }
    enum { RANDOM = 1 << 19 };
    begin("random floats, of one exponent in each group");
    float *x = take(RANDOM * 4);
    for (int i = 0; i < RANDOM; i++) x[i] = float_of((random_bits() & 0x80ffffff) | (uint32_t)(i / 32 % 127) << 24);
    compare_to_q8(x, RANDOM);
}

static void run(const char *name, void (*test)(void)) {
    const long values_before = values, cases_before = cases;
    test();
    printf("%-8s %-10s %6ld cases %10ld values\n", variant->name, name, cases - cases_before, values - values_before);
    fflush(stdout);
}

int main(void) {
    static const char *const names[] = {"avx512", "avx2", "neon"};
    portable = pn_kernels_named("portable");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        variant = pn_kernels_named(names[i]);
        if (variant == NULL) continue;
        run("halves", test_halves);
        run("finite", test_finite);
        run("bytes", test_bytes);
        run("rows", test_rows);
        run("exp", test_exponential);
        run("rope", test_rope);
        run("quantise", test_quantise);
        run("matmul", test_matmuls);
        run("attention", test_attentions);
    }
    if (cases == 0) printf("this machine runs no variant but the portable one\n");
    else printf("%ld cases, %ld values, %ld differ\n", cases, values, wrong);
    return cases == 0 || wrong > 0;
}
