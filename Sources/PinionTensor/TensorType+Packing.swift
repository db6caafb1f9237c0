import CPinionKernels

extension TensorType {
    /// The row of the table of formats (`pn_formats.h`), from which C and Swift are fed.
    var traits: pn_format_traits { pn_traits_of_format(format).pointee }

    var format: pn_format {
        let format = pn_format_of_file_type(rawValue)
        precondition(format != PN_FORMAT_COUNT, "\(self) has no row in the table of formats")
        return format
    }
}
