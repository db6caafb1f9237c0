import CPinionKernels

extension KVCache {
    /// What keys and values are kept as.
    package enum ElementType: String, CaseIterable, Sendable {
        /// Floats, as the model computes them: twice the bytes of halves. Infinity becomes the largest number.
        case f32
        /// Halves: 11 bits. What exceeds their range becomes their largest number.
        case f16
        /// Signed bytes and one scale, a half, for each 32 dimensions of a token's head (the last group may be smaller):
        /// 53 % of the bytes of halves.
        ///
        /// No number is off by more than half its group's scale, which is the group's largest magnitude / 127 (within
        /// 0.1 %, and 2^-24 more at most): 0.4 % of that magnitude. What exceeds 127 times the largest half becomes that.
        case q8
    }

    /// What a model stores for a token.
    ///
    /// The element type is no part of it: the model says how many numbers there are, and the engine's configuration alone
    /// says in how many bits a cache keeps them.
    package struct Shape: Sendable, Equatable {
        package var layers: Int
        package var heads: Int
        package var headDimension: Int

        package init(layers: Int, heads: Int, headDimension: Int) {
            self.layers = layers
            self.heads = heads
            self.headDimension = headDimension
        }

        /// Bytes of one block over all layers.
        package func blockBytes(_ elementType: ElementType) -> Int {
            layers * heads * HeadLayout(self, elementType).bytes
        }
    }

    /// Where one head's part of a block of one layer keeps what, in bytes.
    ///
    /// Keys `[headDimension][16 tokens]`, so that 16 scores form in the lanes of one register without a horizontal sum; their
    /// scales `[groups][16 tokens]`, if any; values `[16 tokens][padded headDimension]`; their scales, like those of the keys.
    struct HeadLayout: Sendable {
        private static let lanes = 16
        private static let groupDimensions = Int(PN_BLOCK_COLUMNS)

        /// Elements from one token's values to the next's.
        let valueStride: Int
        let keyScales: Int
        let values: Int
        let valueScales: Int
        let bytes: Int

        init(_ shape: Shape, _ elementType: ElementType) {
            let dimension = shape.headDimension
            let half = MemoryLayout<UInt16>.size
            let float = MemoryLayout<Float>.size
            valueStride = (dimension + Self.lanes - 1) / Self.lanes * Self.lanes
            let groups: Int
            let elementBytes: Int
            switch elementType {
            case .f32: (groups, elementBytes) = (0, float)
            case .f16: (groups, elementBytes) = (0, half)
            case .q8: (groups, elementBytes) = (Self.groups(dimension), 1)
            }
            let scaleBytes = groups * KVCache.blockTokens * half
            keyScales = dimension * KVCache.blockTokens * elementBytes
            values = keyScales + scaleBytes
            valueScales = values + valueStride * KVCache.blockTokens * elementBytes
            bytes = valueScales + scaleBytes
        }

        /// Scales of one token's key or value.
        static func groups(_ dimension: Int) -> Int { (dimension + groupDimensions - 1) / groupDimensions }
    }
}
