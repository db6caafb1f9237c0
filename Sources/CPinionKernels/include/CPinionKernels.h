// The innermost loops of Pinion, and the table through which everything else reaches them.
//
// Every kernel exists once per instruction set, as pn_<operation>_<format>_<isa>, all compiled from the same body
// (pn_body.h) over a small vector vocabulary (pn_vec_<isa>.h). Each variant performs the same floating-point operations
// in the same order, so all of them give bit-identical results; the portable one is the reference.
//
// Packed weights. A matrix of [rows, columns] is stored as row groups of 16 rows (the last one padded with zeros). Inside
// a group of a quantised format, column block b (32 columns) holds for each of its 4-column steps one 64-byte register:
// byte [4 * row + j] is column 4 * step + j of that row. Nibble formats keep steps 0-3 in the low and 4-7 in the high
// nibble of 4 registers. The group's scales [blocks][16] (and minima) follow its quants as IEEE halves. A float format's
// group is [columns][16].
#ifndef CPINIONKERNELS_H
#define CPINIONKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Rows of weights interleaved in one group: the lanes of one vector.
#define PN_GROUP_ROWS 16
/// Columns that share one scale, in every quantised format and in quantised activations.
#define PN_BLOCK_COLUMNS 32
/// Tokens in one block of the KV cache: the lanes of one vector of scores.
#define PN_CACHE_BLOCK_TOKENS 16
/// Query heads of one KV head that share a pass over the cache; larger groups take several passes.
#define PN_ATTENTION_HEADS 4
/// The widest attention head the attention kernel has room for.
#define PN_MAX_HEAD_DIM 512

/// How a packed matrix stores its weights.
typedef enum pn_format {
    PN_F32 = 0,
    PN_F16 = 1,
    PN_BF16 = 2,
    /// scale * (nibble - 8)
    PN_Q4_0 = 3,
    /// scale * nibble + minimum
    PN_Q4_1 = 4,
    /// scale * (byte - 128); the file's signed bytes are stored with their top bit flipped
    PN_Q8_0 = 5,
    PN_FORMAT_COUNT = 6
} pn_format;

/// A block whose largest activation exceeds this times the row's root mean square is rounded in two bytes a column.
///
/// A few columns of a transformer's activations are far larger than the rest, and the one scale of their block would
/// round its other columns away. On SmolLM2 this catches one block in ten and more than halves the error of the logits
/// (top-1 agreement with float activations 98.3 % instead of 96.0 %); blocks of 16 columns gain less and cost every block.
#define PN_FINE_THRESHOLD 6.0f
/// Steps of the second byte to one of the first: it spans half a step of the first to either side.
#define PN_FINE_STEPS 254.0f
/// A block whose largest activation is below this is rounded to zeros: 127 divided by it would leave the floats.
#define PN_LEAST_ACTIVATION 1e-35f

/// Activations rounded to signed bytes, 32 columns to a scale: x = scale * (quant + fine quant / 254).
typedef struct pn_quantised {
    /// [tokens, columns]
    int8_t *quants;
    /// [tokens, columns]: what `quants` leaves; written only in blocks that are marked in `is_fine`
    int8_t *fine_quants;
    /// [tokens, columns / 32]: one step of quants
    float *scales;
    /// [tokens, columns / 32]: sum of the block's quants
    int32_t *sums;
    /// [tokens, columns / 32]: sum of the block's fine quants
    int32_t *fine_sums;
    /// [tokens, columns / 32]: sum of the block's rounded activations
    float *scaled_sums;
    /// [tokens, columns / 32]: 1 where a block has fine quants
    uint8_t *is_fine;
} pn_quantised;

/// One product: out[t, r] = sum over c of weights[r, c] * x[t, c].
typedef struct pn_matmul {
    /// Packed row groups, 64-byte aligned.
    const uint8_t *weights;
    size_t group_bytes;
    size_t columns;
    /// [tokens, columns] for float formats; token rows are `x_stride` floats apart.
    const float *x;
    size_t x_stride;
    /// For quantised formats.
    pn_quantised q;
    size_t tokens;
    /// [tokens, out_stride]; out_stride covers the padded rows.
    float *out;
    size_t out_stride;
} pn_matmul;

/// One token's attention over one KV head's cache.
typedef struct pn_attention {
    /// [heads, head_dim]: the query heads that share this KV head.
    const float *queries;
    size_t heads;
    size_t head_dim;
    /// Start of this layer's and head's keys in block 0: halves, [head_dim][16 tokens] in each block.
    const uint16_t *keys;
    /// Start of this layer's and head's values in block 0: halves, [16 tokens][head_dim rounded up to 16] in each block.
    const uint16_t *values;
    /// Halves from one block to the next, for keys and values alike.
    size_t block_stride;
    /// Block of the cache for each 16 tokens of the sequence.
    const int32_t *table;
    /// Tokens to attend to; at least 1.
    size_t length;
    float scale;
    /// [heads, head_dim]
    float *out;
} pn_attention;

/// The kernels of one instruction set.
typedef struct pn_kernels {
    const char *name;
    /// By pn_format: computes `group_count` row groups from `first_group` on.
    void (*matmul[PN_FORMAT_COUNT])(const pn_matmul *m, size_t first_group, size_t group_count);
    /// x[columns] -> one token's row of a pn_quantised (pointers already at that row). columns % 32 == 0.
    void (*quantise)(const float *x, size_t columns, pn_quantised row);
    /// out = x / sqrt(mean(x^2) + epsilon) * weight
    void (*rms_norm)(const float *x, const float *weight, size_t columns, float epsilon, float *out);
    /// out = gate * sigmoid(gate) * up
    void (*silu_multiply)(const float *gate, const float *up, size_t columns, float *out);
    /// x += y
    void (*add)(float *x, const float *y, size_t columns);
    /// softmax(queries * keys * scale) * values, by blocks of 16 tokens in order (online softmax).
    void (*attention)(const pn_attention *a);
    /// Floats to halves, round to nearest even.
    void (*to_half)(const float *x, size_t count, uint16_t *out);
    /// Halves to floats.
    void (*from_half)(const uint16_t *x, size_t count, float *out);
    /// max over x; count >= 1
    float (*maximum)(const float *x, size_t count);
    /// sum of exp(x - shift), written to `out` as well; `out` may be `x`
    float (*exp_sum)(const float *x, size_t count, float shift, float *out);
} pn_kernels;

/// The kernels called `name` ("avx512", "avx2", "portable"), or NULL if unknown or not for this machine.
const pn_kernels *pn_kernels_named(const char *name);

/// The fastest kernels that this machine runs.
const pn_kernels *pn_kernels_best(void);

/// Tells the core that this is a spinning wait.
static inline void pn_spin_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
