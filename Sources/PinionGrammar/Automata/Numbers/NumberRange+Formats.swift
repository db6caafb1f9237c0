extension NumberRange {
    /// The names of OpenAPI's formats for whole numbers of a width.
    package static let integerFormats = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]

    /// The numbers that a format of ``integerFormats`` stands for; nil for another name.
    package init?(format: String) {
        func range<Integer: FixedWidthInteger>(_ type: Integer.Type) -> NumberRange? {
            guard let minimum = try? DecimalNumber("\(Integer.min)"), let maximum = try? DecimalNumber("\(Integer.max)")
            else { return nil }
            return NumberRange(minimum: minimum, maximum: maximum)
        }
        let named: NumberRange? =
            switch format {
            case "int8": range(Int8.self)
            case "int16": range(Int16.self)
            case "int32": range(Int32.self)
            case "int64": range(Int64.self)
            case "uint8": range(UInt8.self)
            case "uint16": range(UInt16.self)
            case "uint32": range(UInt32.self)
            case "uint64": range(UInt64.self)
            default: nil
            }
        guard let named else { return nil }
        self = named
    }
}
