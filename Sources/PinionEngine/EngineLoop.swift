import Foundation
import PinionModels
import PinionTensor

/// What runs on the engine thread: schedule, forward, sample, publish, until it is told to stop.
///
/// Confined to that thread, which is why nothing here is locked.
final class EngineLoop {
    let description: EngineDescription
    private let mailbox: Mailbox<EngineCommand>
    private let load: EngineLoad
    private let counters: EngineCounters
    private let kernels: Kernels
    private let model: any LanguageModel
    private let cache: KVCache
    private var scheduler: Scheduler
    private var sequences: [SequenceID: EngineSequence] = [:]
    private var nextSequence: SequenceID = 0
    private var batch = StepBatch()

    init(
        _ file: GGUFFile, _ configuration: EngineConfiguration, mailbox: Mailbox<EngineCommand>, load: EngineLoad,
        counters: EngineCounters
    ) throws(EngineError) {
        self.mailbox = mailbox
        self.load = load
        self.counters = counters
        let limits = configuration.stepLimits
        let workers = configuration.threads ?? MachineLimits.processors
        let team = WorkerTeam(workers: workers)
        do {
            kernels = try Kernels.forThisMachine()
            let model = try ModelLoader.plan(file, limits: limits)
            let shape = model.shape
            let context = min(
                configuration.contextLength ?? EngineConfiguration.standardContext, shape.contextLength)
            guard configuration.contextLength ?? 0 <= shape.contextLength else {
                throw EngineError(
                    .load,
                    "\(file.file.path): a context of \(configuration.contextLength ?? 0) tokens was asked for, but the "
                        + "model was made for \(shape.contextLength)")
            }
            let plan = try MemoryPlan(
                budget: configuration.memory, weights: model.weightBytes, buffers: model.bufferBytes,
                shape: shape.cache, context: context, sequences: configuration.maximumSequences)
            self.model = try ModelLoader.load(
                file, context: LoadContext(kernels: kernels, team: team, limits: limits))
            cache = try KVCache(shape: shape.cache, blocks: plan.cacheBlocks)
            scheduler = Scheduler(
                limits: configuration.schedulerLimits, blockTokens: KVCache.blockTokens, blocks: plan.cacheBlocks)
            description = EngineDescription(
                shape: shape, contextLength: context, cacheBlocks: plan.cacheBlocks, workers: workers,
                kernels: kernels.name, digest: ContentDigest.of(file.file.bytes, team: team))
        } catch let error as EngineError {
            throw error
        } catch let error as ModelError {
            throw EngineError(.load, error.message, cause: error)
        } catch let error as TensorError {
            throw EngineError(.load, error.message, cause: ModelError(error))
        } catch {
            throw EngineError(.load, "\(error)")
        }
    }

    func run() {
        while true {
            for command in mailbox.take(waiting: scheduler.isIdle) {
                switch command {
                case .submit(let id, let request): add(id, request)
                case .cancel(let id): end(sequences.filter { $0.value.request == id }.map(\.key), .cancelled)
                case .stop:
                    end(Array(sequences.keys), .engineStopped)
                    return
                }
            }
            step()
        }
    }

    private func add(_ id: Engine.RequestID, _ request: EngineRequest) {
        for choice in request.choices.indices {
            nextSequence += 1
            let sequence = EngineSequence(
                id, request, choice: choice, contextLength: description.contextLength, kernels: kernels)
            sequences[nextSequence] = sequence
            scheduler.add(nextSequence, known: sequence.tokens.count)
        }
    }

    private func step() {
        let plan = scheduler.schedule { id, limit in planned(id).propose(atMost: limit) }
        guard !plan.isEmpty else { return }
        batch.removeAll()
        for entry in plan.entries {
            let sequence = planned(entry.id)
            batch.append(
                sequence.tokens[entry.range], start: entry.range.lowerBound, table: entry.blocks,
                wantsOutput: entry.isSampled)
            if entry.drafts > 0 { batch.extend(sequence.drafts) }
        }
        let logits = model.forward(batch, cache: cache)
        let vocabulary = description.shape.vocabulary
        var row = 0
        counters.add(EngineStatistics(steps: 1))
        for entry in plan.entries where entry.isSampled {
            let rows = UnsafeMutableBufferPointer(
                start: logits + row * vocabulary, count: (1 + entry.drafts) * vocabulary)
            row += 1 + entry.drafts
            let (accepted, reason) = planned(entry.id).step(rows, vocabulary: vocabulary)
            // Before the end is told, so that whoever hears of it finds its tokens counted.
            counters.add(
                EngineStatistics(
                    sampledTokens: 1 + accepted, draftedTokens: entry.drafts, acceptedTokens: accepted))
            if let reason {
                end([entry.id], reason)
            } else {
                scheduler.append(to: entry.id, accepted: accepted)
            }
        }
    }

    private func planned(_ id: SequenceID) -> EngineSequence {
        guard let sequence = sequences[id] else { preconditionFailure("a planned sequence is unknown") }
        return sequence
    }

    private func end(_ ids: [SequenceID], _ reason: SequenceOutcome.Reason) {
        for id in ids.sorted() {
            guard let sequence = sequences.removeValue(forKey: id) else { continue }
            scheduler.remove(id)
            load.release()
            sequence.finish(reason)
        }
    }
}
