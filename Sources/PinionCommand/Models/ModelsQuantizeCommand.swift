import ArgumentParser
import Foundation
import PinionEngine
import PinionModelFiles
import PinionTensor

extension ModelsCommand {
    /// `pinion models quantize`: makes a smaller file of a float model.
    struct Quantize: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Round a float model's weights, and write it as a GGUF file.",
            discussion: """
                The file is written beside its name and gets the name when it is whole. Types are named as llama-quantize \
                names them, and mean the same for each tensor.
                """)

        @Argument(help: "A GGUF file of F32, F16 or BF16, any file of a split one, or a folder.") var input: String
        @Argument(help: "The GGUF file to write.") var output: String
        @Option(help: "The kind of file: \(QuantisationMix.names.joined(separator: ", ")).") var type: String
        @Flag(help: "Replace the output if it exists.") var force = false
        @Option(help: "Worker threads (default: one per processor).") var threads: Int?

        func validate() throws {
            guard QuantisationMix(named: type) != nil else {
                throw ValidationError("--type takes one of \(QuantisationMix.names.joined(separator: ", "))")
            }
            if let threads, !Setting.threadRange.contains(threads) {
                throw ValidationError("--threads takes 1 to \(Setting.threadRange.upperBound)")
            }
        }

        func run() async throws {
            guard let mix = QuantisationMix(named: type) else { return }
            // Beyond a limit of file sizes writing then fails like any other, instead of ending the process.
            signal(SIGXFSZ, SIG_IGN)
            let (input, output, force) = (input, output, force)
            let workers = threads ?? MachineLimits.processors
            try await cancelledBySignals {
                try Self.quantize(input, to: output, mix, replacing: force, workers: workers)
            }
        }

        private static func quantize(
            _ input: String, to output: String, _ mix: QuantisationMix, replacing: Bool, workers: Int
        ) throws {
            let clock = ContinuousClock()
            let start = clock.now
            let quantisation = try ModelQuantisation(path: input, mix: mix)
            let progress = ProgressDisplay()
            try quantisation.write(to: output, replacing: replacing, team: WorkerTeam(workers: workers)) { written in
                try Task.checkCancellation()
                progress.show(written, of: quantisation.outputBytes)
            }
            progress.end()
            let counts = TensorType.allCases.map { type in (type, quantisation.tensors.count { $0.type == type }) }
            let types = counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0.name)" }.joined(separator: ", ")
            let seconds = (clock.now - start) / .seconds(1)
            Console.line(
                "\(output): \(ByteSize.text(quantisation.inputBytes)) became \(ByteSize.text(quantisation.outputBytes)) "
                    + "in \(String(format: "%.1f", seconds)) s; tensors: \(types)")
        }
    }
}
