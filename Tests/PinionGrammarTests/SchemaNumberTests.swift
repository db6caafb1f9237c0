import PinionGrammar
import Testing

@Suite("Schemas of numbers")
struct SchemaNumberTests {
    static let cases = [
        SchemaCase(
            #"{"type":"integer"}"#, valid: ["0", "-1", "123456789012345678"],
            invalid: ["-0", "01", "1.0", "1e2", "+1", #""1""#, ""]),
        SchemaCase(
            #"{"type":"number"}"#, valid: ["0", "-1.5", "0.001", "1e9", "-2.5e-3"],
            invalid: ["-0", ".5", "1.", "00", "1e", "NaN"]),
        SchemaCase(
            #"{"type":"integer","minimum":-2,"exclusiveMaximum":11}"#, valid: ["-2", "0", "9", "10"],
            invalid: ["-3", "11", "100", "-20"]),
        SchemaCase(
            #"{"type":"number","exclusiveMinimum":0,"maximum":1.5}"#, valid: ["0.1", "1", "1.5", "1.50"],
            invalid: ["0", "0.0", "1.51", "-1", "1e0"]),
        SchemaCase(
            #"{"type":"number","exclusiveMaximum":100}"#, valid: ["99.9999999999999", "-5"],
            invalid: ["100", "100.0", "99.9999999999999999"]),
        SchemaCase(
            #"""
            {"type":"number","multipleOf":0.01}
            """#, valid: ["0.3", "19.99", "7", "0.10"], invalid: ["0.001", "19.995"]),
        SchemaCase(
            #"{"type":"integer","multipleOf":7,"minimum":0,"maximum":30}"#, valid: ["0", "7", "14", "21", "28"],
            invalid: ["1", "35", "-7"]),
        SchemaCase(
            #"{"type":"number","allOf":[{"multipleOf":2},{"multipleOf":3}]}"#, valid: ["6", "-12", "0"],
            invalid: ["2", "3", "4", "9"]),
        SchemaCase(
            #"{"type":"number","not":{"multipleOf":0.5}}"#, valid: ["0.25", "1.7"],
            invalid: ["0.5", "1", "1.0", "1.50", "2.000", "1e1"]),
        SchemaCase(
            #"{"type":"number","not":{"type":"integer"}}"#, valid: ["0.5", "-1.25"],
            invalid: ["1", "1.0", "-3.00", "5e0", "0"]),
        SchemaCase(
            #"{"type":"number","not":{"enum":[5,0.5]}}"#, valid: ["4", "5.5", "0.25", "-5"],
            invalid: ["5", "5.0", "0.5", "0.50", "5e0"]),
        SchemaCase(
            #"{"type":"integer","not":{"minimum":3}}"#, valid: ["2", "-10"], invalid: ["3", "4"]),
        SchemaCase(#"{"not":{"maximum":3},"type":"number"}"#, valid: ["3.1", "4"], invalid: ["3", "3.0", "0"]),
        SchemaCase(
            #"{"enum":[1,2.50,1e3,-0.0,123456789012345678901234567890]}"#,
            valid: ["1", "2.5", "1000.0", "-0.0", "123456789012345678901234567890"],
            invalid: ["1.0", "2.50", "1000", "0"]),
        SchemaCase(#"{"enum":[1,2,3,4.5],"multipleOf":2}"#, valid: ["2"], invalid: ["1", "3", "4.5", "4"]),
        SchemaCase(#"{"enum":[1,2,3,4.5],"type":"integer","minimum":2}"#, valid: ["2", "3"], invalid: ["1", "4.5"]),
        SchemaCase(#"{"const":1.0,"type":"integer"}"#, valid: ["1.0"], invalid: ["1", "1.5"]),
        SchemaCase(#"{"allOf":[{"enum":[1,2]},{"enum":[2.0,3]}]}"#, valid: ["2"], invalid: ["2.0", "1", "3"]),
        SchemaCase(#"{"minimum":5}"#, valid: ["5", #""a""#, "null", "[]"], invalid: ["4"]),
        SchemaCase(
            #"""
            {"$schema":"http://json-schema.org/draft-04/schema#","type":"integer","minimum":1,
            "exclusiveMinimum":true}
            """#,
            valid: ["2"], invalid: ["1", "0"]),
        SchemaCase(#"{"type":"integer","minimum":1,"exclusiveMinimum":false}"#, valid: ["1"], invalid: ["0"]),
        SchemaCase(
            #"{"type":"array","items":{"type":"integer"},"uniqueItems":true}"#, valid: ["[]", "[1,12,123]", "[-1,1]"],
            invalid: ["[1,1]", "[1,12,1]"]),
        SchemaCase(
            #"{"type":"array","items":{"type":"number"},"uniqueItems":true}"#, valid: ["[1,1.5,0.25]"],
            invalid: ["[1,1.0]", "[1.5,1.50]", "[10,1e1]", "[1,1]"]),
        SchemaCase(
            #"{"type":"array","items":{"enum":[1,1.0,2]},"uniqueItems":true}"#, valid: ["[1,2]", "[2,1]"],
            invalid: ["[1,1.0]", "[1,1]"]),
    ]

    @Test("Numbers are compared and divided by their decimal digits", arguments: cases)
    func checksNumbers(schema: SchemaCase) throws { try schema.check() }
}
