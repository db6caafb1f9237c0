// Every format of weights, one row each: what kernels, packing and file readers have to know of it. C and Swift are both fed
// from here, so that a new format is one row, one reader of its blocks and one parity test.
#ifndef PN_FORMATS_H
#define PN_FORMATS_H

// Columns of the table:
// - format: the enumerator; kernel: the end of its kernels' names; tile: the body of its product
// - name, type: as GGML spells and numbers it; of a format that no file has PN_NO_FILE_TYPE
// - elements, bytes: of one block in a file
// - bits: of one quant; 0 in float formats
// - zero: log2 of the zero point that is taken off a quant; 0 where a minimum takes its place
// - codes: what a quant stands for (PN_VALUES_...)
// - scaling: how scales and minima are kept (pn_scaling)
// - columns, unit: columns and bytes of one packed unit of 16 rows. A unit holds two blocks where one would end off a cache
//   line (64 bytes); Q6_K, Q3_K and IQ4_XS leave the last 32 bytes of their unit unused for the same reason.
// - block: bytes of one block's quants in a unit; scales: bytes from the start of a unit to its scales
//
// What the quants mean:
// - Q4_0, Q5_0, Q8_0: scale * (quant - zero point); Q8_0's signed bytes are stored with their top bit flipped
// - Q4_1, Q5_1: scale * quant + minimum
// - Q4_K, Q5_K: scale * sub-scale * quant - minimum * sub-minimum; 8 blocks share scale and minimum
// - Q2_K: the same, but 16 columns have a sub-scale and a sub-minimum, of 4 bits each
// - Q6_K, Q3_K: scale * sub-scale * (quant - zero point); 16 columns have a signed sub-scale, 8 blocks share the scale
// - IQ4_NL, MXFP4: scale * (value of the quant - zero point). MXFP4's scales are powers of two from 2^-128 on, which no
//   half holds: they are kept as brain floats, which hold them all
// - CODED: the same as IQ4_XS, but 16 columns have a sub-scale, the scale is a float, and the values are the matrix's own.
//   Other types are packed as this, all of whose weights it holds exactly; `bytes` is what a block of theirs is turned into
// - IQ4_XS: scale * sub-scale * (value of the quant - zero point); a block has a signed sub-scale, 8 blocks share the scale
#define PN_FORMATS(ROW) \
    /*  format     kernel  tile           name      type elements bytes bits zero codes scaling columns unit block scales */ \
    ROW(PN_F32,    f32,    pn_tile_float, "F32",    0,  1,   4,                    0, 0, LINEAR, PN_NO_SCALES, \
        1,   64,                        0,   0) \
    ROW(PN_F16,    f16,    pn_tile_float, "F16",    1,  1,   2,                    0, 0, LINEAR, PN_NO_SCALES, \
        1,   32,                        0,   0) \
    ROW(PN_BF16,   bf16,   pn_tile_float, "BF16",   30, 1,   2,                    0, 0, LINEAR, PN_NO_SCALES, \
        1,   32,                        0,   0) \
    ROW(PN_Q4_0,   q4_0,   pn_tile,       "Q4_0",   2,  32,  2 + 16,               4, 3, LINEAR, PN_HALF_SCALES, \
        64,  2 * (256 + 32),            256, 2 * 256) \
    ROW(PN_Q4_1,   q4_1,   pn_tile,       "Q4_1",   3,  32,  2 + 2 + 16,           4, 0, LINEAR, PN_HALF_SCALES, \
        32,  256 + 64,                  256, 256) \
    ROW(PN_Q8_0,   q8_0,   pn_tile,       "Q8_0",   8,  32,  2 + 32,               8, 7, LINEAR, PN_HALF_SCALES, \
        64,  2 * (512 + 32),            512, 2 * 512) \
    ROW(PN_Q5_0,   q5_0,   pn_tile,       "Q5_0",   6,  32,  2 + 4 + 16,           5, 4, LINEAR, PN_HALF_SCALES, \
        64,  2 * (320 + 32),            320, 2 * 320) \
    ROW(PN_Q5_1,   q5_1,   pn_tile,       "Q5_1",   7,  32,  2 + 2 + 4 + 16,       5, 0, LINEAR, PN_HALF_SCALES, \
        32,  320 + 64,                  320, 320) \
    ROW(PN_Q4_K,   q4_k,   pn_tile,       "Q4_K",   12, 256, 2 + 2 + 12 + 128,     4, 0, LINEAR, PN_SUB_SCALES, \
        256, 8 * 256 + 64 + 2 * 128,    256, 8 * 256) \
    ROW(PN_Q5_K,   q5_k,   pn_tile,       "Q5_K",   13, 256, 2 + 2 + 12 + 32 + 128, 5, 0, LINEAR, PN_SUB_SCALES, \
        256, 8 * 320 + 64 + 2 * 128,    320, 8 * 320) \
    ROW(PN_Q6_K,   q6_k,   pn_tile,       "Q6_K",   14, 256, 128 + 64 + 16 + 2,    6, 5, LINEAR, PN_SPLIT_SCALES, \
        256, 8 * 384 + 32 + 256 + 32,   384, 8 * 384) \
    ROW(PN_Q3_K,   q3_k,   pn_tile,       "Q3_K",   11, 256, 32 + 64 + 12 + 2,     3, 2, LINEAR, PN_SPLIT_SCALES, \
        256, 8 * 192 + 32 + 256 + 32,   192, 8 * 192) \
    ROW(PN_Q2_K,   q2_k,   pn_tile,       "Q2_K",   10, 256, 16 + 64 + 2 + 2,      2, 0, LINEAR, PN_SPLIT_NIBBLES, \
        256, 8 * 128 + 64 + 256,        128, 8 * 128) \
    ROW(PN_IQ4_NL, iq4_nl, pn_tile,       "IQ4_NL", 20, 32,  2 + 16,               4, 7, IQ4,    PN_HALF_SCALES, \
        64,  2 * (256 + 32),            256, 2 * 256) \
    ROW(PN_IQ4_XS, iq4_xs, pn_tile,       "IQ4_XS", 23, 256, 2 + 2 + 4 + 128,      4, 7, IQ4,    PN_SIGNED_SCALES, \
        256, 8 * 256 + 32 + 128 + 32,   256, 8 * 256) \
    ROW(PN_MXFP4,  mxfp4,  pn_tile,       "MXFP4",  39, 32,  1 + 16,               4, 4, E2M1,   PN_BRAIN_SCALES, \
        64,  2 * (256 + 32),            256, 2 * 256) \
    ROW(PN_CODED,  coded,  pn_tile,       "CODED",  PN_NO_FILE_TYPE, 256, 4 + 16 + 16 + 128, 4, 6, OWN, PN_SPLIT_FLOATS, \
        256, 8 * 256 + 64 + 64 + 256,   256, 8 * 256)

#define PN_NO_FILE_TYPE UINT32_MAX

/// What quants stand for.
typedef enum pn_codes {
    /// Themselves.
    PN_LINEAR,
    /// The values of IQ4_NL and IQ4_XS, closer to each other near 0, in 1/128 of the scale's range.
    PN_IQ4,
    /// Floats of 2 exponent bits and 1 fraction bit, doubled, which makes them whole numbers.
    PN_E2M1,
    /// Values that each unit has beside its scales.
    PN_OWN,
} pn_codes;

/// The values of the codes, raised by the zero points of their formats.
#define PN_VALUES_LINEAR {0}
#define PN_VALUES_IQ4 {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241}
#define PN_VALUES_OWN {0}
#define PN_VALUES_E2M1 {16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4}

/// How a unit keeps its scales, [blocks][16 rows] where nothing else is said.
typedef enum pn_scaling {
    /// A float format.
    PN_NO_SCALES,
    /// Halves, then minima alike where the format has them.
    PN_HALF_SCALES,
    /// Brain floats.
    PN_BRAIN_SCALES,
    /// Halves that scale all scales [16], and all minima [16]; scales and then minima as bytes.
    PN_SUB_SCALES,
    /// Halves that scale all scales [16]; scales as signed bytes.
    PN_SIGNED_SCALES,
    /// Halves that scale all scales [16]; scales as signed bytes [blocks][2][16], one for each half of a block.
    PN_SPLIT_SCALES,
    /// Halves that scale all scales [16], and all minima [16]; bytes [blocks][2][16], one for each half of a block, of a
    /// scale in the low and a minimum in the high nibble.
    PN_SPLIT_NIBBLES,
    /// Floats that scale all scales [16]; 64 bytes, of which the first 16 are the values of the codes; scales as signed bytes
    /// [blocks][2][16], one for each half of a block.
    PN_SPLIT_FLOATS,
} pn_scaling;

/// How a packed matrix stores its weights.
typedef enum pn_format {
#define PN_ENUMERATOR(format, ...) format,
    PN_FORMATS(PN_ENUMERATOR)
#undef PN_ENUMERATOR
    PN_FORMAT_COUNT
} pn_format;

/// Where a format's unit keeps what.
typedef struct pn_layout {
    /// Columns of one unit.
    size_t columns;
    /// Bytes of one unit of 16 rows.
    size_t bytes;
    /// Bytes of one block's quants; 0 in float formats.
    size_t block_bytes;
    /// Bytes from the start of a unit to its scales.
    size_t scales;
} pn_layout;

/// A row of the table.
typedef struct pn_format_traits {
    /// GGML's name.
    const char *name;
    /// GGML's number.
    uint32_t file_type;
    /// Elements and bytes of one block in a file.
    size_t file_elements;
    size_t file_bytes;
    /// Bits of one quant; 0 in float formats.
    int bits;
    /// log2 of the zero point; 0 where the format has minima, or is a float.
    int zero_shift;
    pn_codes codes;
    /// The values of the codes, raised by the zero point; zeros where there are none, or units have their own.
    uint8_t values[16];
    pn_scaling scaling;
    pn_layout layout;
} pn_format_traits;

/// The traits of a format.
const pn_format_traits *pn_traits_of_format(pn_format format);

/// The format that GGML numbers so, PN_FORMAT_COUNT if there is none.
pn_format pn_format_of_file_type(uint32_t file_type);

#endif
