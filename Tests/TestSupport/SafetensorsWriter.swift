package import Foundation

/// Writes safetensors files.
package struct SafetensorsWriter {
    package struct Tensor {
        package var name: String
        package var type: String
        /// Rows first.
        package var shape: [Int]
        package var data: Data

        package init(name: String, type: String, shape: [Int], data: Data) {
            (self.name, self.type, self.shape, self.data) = (name, type, shape, data)
        }
    }

    package var tensors: [Tensor]

    package init(tensors: [Tensor] = []) {
        self.tensors = tensors
    }

    package func header() throws -> Data {
        var header: [String: Any] = ["__metadata__": ["format": "pt"]]
        var start = 0
        for tensor in tensors {
            header[tensor.name] = [
                "dtype": tensor.type, "shape": tensor.shape, "data_offsets": [start, start + tensor.data.count],
            ]
            start += tensor.data.count
        }
        return try JSONSerialization.data(withJSONObject: header, options: .sortedKeys)
    }

    package func bytes() throws -> Data {
        try tensors.reduce(into: Self.bytes(header: header())) { $0 += $1.data }
    }

    /// A header with its length before it.
    package static func bytes(header: Data) -> Data {
        var out = Data()
        out.appendInteger(UInt64(header.count))
        return out + header
    }
}

extension Data {
    /// Little-endian, as all model files have it.
    mutating func appendInteger(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
