/// What a model calls itself.
package struct ModelNaming: Sendable, Equatable {
    /// The name of the file or folder, without its extension.
    package var file: String
    package var base: String?
    package var sizeLabel: String?
    package var finetune: String?
    package var version: String?
}
