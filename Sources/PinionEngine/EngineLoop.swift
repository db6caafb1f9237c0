import Foundation
import PinionModelFiles
import PinionModels
import PinionTensor

/// What runs on the engine thread: schedule, forward, sample, publish, until it is told to stop or fails.
///
/// Confined to that thread, which is why nothing here is locked.
final class EngineLoop {
    /// Requests in a row without one finite number after which the model in memory is taken for damaged.
    private static let maximumNotFinite = 3

    let description: EngineDescription
    private let link: EngineLink
    private let team: WorkerTeam
    private let observer: (any EngineObserver)?
    private let kernels: Kernels
    private let model: any LanguageModel
    private let cache: KVCache
    private var scheduler: Scheduler
    private var pacer = StepPacer()
    private var sequences: [SequenceID: EngineSequence] = [:]
    /// Further choices of a request whose prompt is not computed yet, by the sequence that computes it.
    private var forks: [SequenceID: [SequenceID]] = [:]
    private var nextSequence: SequenceID = 0
    private var batch = StepBatch()
    private var notFiniteInARow = 0
    private var lastNotFinite: Engine.RequestID?
    private let clock = ContinuousClock()

    /// - Parameter account: Where the engine has its memory from; settled for what is planned.
    init(
        _ source: any EngineSource, _ configuration: EngineConfiguration, _ account: MemoryLedger.Account,
        _ link: EngineLink
    ) throws(EngineError) {
        self.link = link
        observer = configuration.observer
        let limits = configuration.stepLimits
        team = WorkerTeam(workers: configuration.threads ?? MachineLimits.processors)
        do {
            let file = try source.open()
            kernels = try Kernels.forThisMachine()
            let model = try file.plan(limits: limits, quantisation: configuration.quantisation)
            let shape = model.shape
            let context = min(
                configuration.contextLength ?? EngineConfiguration.defaultContext, shape.contextLength)
            guard configuration.contextLength ?? 0 <= shape.contextLength else {
                throw EngineError(
                    .load,
                    "\(file.path): a context of \(configuration.contextLength ?? 0) tokens was asked for, but the "
                        + "model was made for \(shape.contextLength)")
            }
            let memory = try MemoryPlan(
                account.share, for: file.path, model, cacheType: configuration.cacheType, context: context,
                sequences: configuration.maximumSequences,
                bodies: configuration.bodyMemory + configuration.grammarMemory)
            account.settle(memory.bytes, for: file.path)
            self.model = try file.load(
                LoadContext(
                    kernels: kernels, team: team, limits: limits, contextLength: context,
                    quantisation: configuration.quantisation))
            cache = try KVCache(
                shape: shape.cache, elementType: configuration.cacheType, blocks: memory.cacheBlocks)
            scheduler = Scheduler(
                limits: configuration.schedulerLimits(of: shape), blockTokens: KVCache.blockTokens,
                blocks: memory.cacheBlocks)
            description = EngineDescription(
                shape: shape, contextLength: context, memory: memory, cacheType: configuration.cacheType,
                workers: team.workers, kernels: kernels.name, quantisation: configuration.quantisation,
                digest: file.digest(team: team))
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

    /// Works until it is told to stop.
    ///
    /// - Throws: ``EngineError`` when it cannot go on; what is to become of its sequences is then told to ``endAll(_:)``.
    func run() throws(EngineError) {
        report()
        while true {
            let (commands, isClosed) = link.mailbox.take(scheduler.isIdle ? .endless : .none)
            for command in commands {
                switch command {
                case .submit(let id, let request): add(id, request)
                case .cancel(let id): end(sequences.filter { $0.value.request == id }.map(\.key), .cancelled)
                }
            }
            if isClosed { return endAll(.engineStopped) }
            try step()
            report()
        }
    }

    /// Ends every sequence.
    func endAll(_ reason: SequenceOutcome.Reason) {
        end(Array(sequences.keys), reason)
        report()
    }

    private func add(_ id: Engine.RequestID, _ request: EngineRequest) {
        let first = nextSequence + 1
        for choice in request.choices.indices {
            nextSequence += 1
            sequences[nextSequence] = EngineSequence(
                id, request, choice: choice, contextLength: description.contextLength, kernels: kernels)
        }
        if nextSequence > first { forks[first] = Array(first + 1...nextSequence) }
        scheduler.add(first, prompt: request.prompt, tenant: request.tenant)
    }

    private func end(_ ids: [SequenceID], _ reason: SequenceOutcome.Reason) {
        for id in ids.sorted() {
            guard let sequence = sequences.removeValue(forKey: id) else { continue }
            scheduler.remove(id)
            forks[id] = nil
            link.pending.remove(1)
            sequence.finish(reason)
        }
    }

    private func planned(_ id: SequenceID) -> EngineSequence {
        guard let sequence = sequences[id] else { preconditionFailure("a planned sequence is unknown") }
        return sequence
    }

    private func report() {
        guard let observer else { return }
        var occupancy = EngineOccupancy()
        occupancy.running = scheduler.runningCount
        occupancy.waiting = scheduler.waitingCount + forks.values.reduce(0) { $0 + $1.count }
        occupancy.usedBlocks = scheduler.usedBlocks
        occupancy.idleBlocks = scheduler.idleBlocks
        occupancy.blankBlocks = scheduler.freeBlocks - scheduler.idleBlocks
        observer.occupied(occupancy)
    }
}

// MARK: - A step

extension EngineLoop {
    private func step() throws(EngineError) {
        let began = clock.now
        let room = pacer.promptTokens(streams: scheduler.streamCount, prompts: scheduler.promptCount)
        let preemptions = scheduler.preemptions
        let plan = scheduler.schedule(promptTokens: room) { id, limit in planned(id).propose(atMost: limit) }
        guard !plan.isEmpty else { return }
        let promptTokens = plan.entries.reduce(0) { $0 + ($1.needsOneToken ? 0 : $1.range.count) }
        var done = EngineStatistics()
        count(&done) {
            $0.steps += 1
            $0.preemptions += scheduler.preemptions - preemptions
            $0.promptTokens += promptTokens
        }
        let asked = clock.now
        // The team is leased for the forward pass, in which all of its threads compute; sampling takes one core, and a sink
        // that is slow holds up its own engine alone.
        var granted = asked
        let logits = try team.lease { () throws(EngineError) in
            granted = clock.now
            return try forward(plan)
        }
        try sample(plan, logits, &done)
        // Not the time in which other models had the team: the pacer learns what this model's tokens cost.
        let time = clock.now - began - (granted - asked)
        pacer.observe(
            seconds: time / .seconds(1), streams: plan.entries.count(where: \.needsOneToken),
            promptTokens: promptTokens)
        observer?.stepped(in: time, done)
    }

    private func forward(_ plan: StepPlan) throws(EngineError) -> UnsafeMutablePointer<Float> {
        for copy in plan.copies { cache.copyBlock(from: Int(copy.source), to: Int(copy.target)) }
        batch.removeAll()
        for entry in plan.entries {
            let sequence = planned(entry.id)
            sequence.isBegun = true
            batch.append(
                sequence.tokens[entry.range], start: entry.range.lowerBound, table: entry.blocks,
                wantsOutput: entry.isSampled)
            if entry.drafts > 0 { batch.extend(sequence.drafts) }
        }
        do {
            return try model.forward(batch, cache: cache)
        } catch {
            throw EngineError(.failed, "the model failed: \(error.message)", cause: error)
        }
    }

    private func sample(
        _ plan: StepPlan, _ logits: UnsafeMutablePointer<Float>, _ done: inout EngineStatistics
    ) throws(EngineError) {
        let vocabulary = description.shape.vocabulary
        var row = 0
        for entry in plan.entries where entry.isSampled {
            let rows = UnsafeMutableBufferPointer(
                start: logits + row * vocabulary, count: (1 + entry.drafts) * vocabulary)
            row += 1 + entry.drafts
            let first = planned(entry.id)
            if first.generatedCount == 0 {
                first.cachedTokens = scheduler.cachedTokens(of: entry.id)
                count(&done) { $0.cachedTokens += first.cachedTokens }
            }
            let others = forks.removeValue(forKey: entry.id) ?? []
            if others.isEmpty {
                try sample(entry.id, rows, drafts: entry.drafts, &done)
                continue
            }
            // Each choice overwrites the row that it samples from.
            scheduler.fork(entry.id, into: others)
            let prompt = Array(rows.prefix(vocabulary))
            try sample(entry.id, rows, drafts: entry.drafts, &done)
            for other in others {
                let copy = UnsafeMutableBufferPointer(rebasing: rows.prefix(vocabulary))
                _ = copy.update(from: prompt)
                try sample(other, copy, drafts: 0, &done)
            }
        }
    }

    private func sample(
        _ id: SequenceID, _ rows: UnsafeMutableBufferPointer<Float>, drafts: Int, _ done: inout EngineStatistics
    ) throws(EngineError) {
        let sequence = planned(id)
        let known = sequence.tokens.count
        let (accepted, reason) = sequence.step(rows, vocabulary: description.shape.vocabulary)
        // Before the end is told, so that whoever hears of it finds its tokens counted.
        count(&done) {
            $0.sampledTokens += sequence.tokens.count - known
            $0.draftedTokens += drafts
            $0.acceptedTokens += accepted
        }
        let now = clock.now
        if let last = sequence.lastSampled { observer?.continued(after: now - last) }
        sequence.lastSampled = now
        guard let reason else {
            notFiniteInARow = 0
            return scheduler.append(to: id, sequence.tokens[known...])
        }
        end([id], reason)
        // Choices of one request fail alike, and count once.
        let isRepeated = sequence.request == lastNotFinite
        notFiniteInARow = reason == .notFinite ? notFiniteInARow + (isRepeated ? 0 : 1) : 0
        lastNotFinite = reason == .notFinite ? sequence.request : nil
        if notFiniteInARow == Self.maximumNotFinite {
            throw EngineError(.failed, "the model made no finite number for \(notFiniteInARow) requests in a row")
        }
    }

    /// Applies a change to the step's statistics and to the engine's, which are the sum of all steps.
    private func count(_ done: inout EngineStatistics, _ change: (inout EngineStatistics) -> Void) {
        change(&done)
        link.counters.update(change)
    }
}
