import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation

extension TaskOrder {
    init(_ proto: ProtoTaskOrder, _ limits: WireLimits, _ place: String) throws(WireError) {
        guard proto.hasLease else { throw WireCheck.missing("\(place).lease") }
        guard proto.hasRun else { throw WireCheck.missing("\(place).run") }
        guard let job = JobID(proto.run.job) else {
            throw WireError(place: "\(place).run.job", problem: "is not \(JobID.length) lower-case letters and digits")
        }
        let work: Work
        switch proto.work {
        case .evaluate(let evaluate):
            let place = "\(place).evaluate"
            guard evaluate.hasModel else { throw WireCheck.missing("\(place).model") }
            work = .evaluate(
                EvaluateWork(
                    model: try ModelConfiguration(evaluate.model, "\(place).model"),
                    candidate: try WireCheck.hash(evaluate.candidate, "\(place).candidate"),
                    evaluation: try WireCheck.hash(evaluate.evaluation, "\(place).evaluation"),
                    units: try Self.units(evaluate.units, "\(place).units")))
        case .generate(let generate):
            work = .generate(GenerateWork(units: try Self.units(generate.units, "\(place).generate.units")))
        case nil:
            throw WireCheck.unknownKind("\(place).work")
        }
        self.init(
            lease: Lease(proto.lease), run: RunID(job: job, template: Int(proto.run.template), model: Int(proto.run.model)),
            iteration: Int(proto.iteration), work: work, callAllowance: proto.hasCallAllowance ? Int(proto.callAllowance) : nil)
    }

    private static func units(_ protos: [ProtoUnitReference], _ place: String) throws(WireError) -> [UnitReference] {
        guard !protos.isEmpty else { throw WireError(place: place, problem: "is empty; a task has at least one unit") }
        var units: [UnitReference] = []
        for (index, proto) in protos.enumerated() {
            units.append(
                UnitReference(
                    unit: try WireCheck.hash(proto.unit, "\(place)[\(index)].unit"),
                    content: try WireCheck.hash(proto.content, "\(place)[\(index)].content")))
        }
        return units
    }
}

extension ProtoTaskOrder {
    init(_ order: TaskOrder) {
        self.init()
        lease = ProtoLease(order.lease)
        run.job = order.run.job.rawValue
        run.template = UInt32(order.run.template)
        run.model = UInt32(order.run.model)
        iteration = UInt32(order.iteration)
        if let allowance = order.callAllowance { callAllowance = UInt32(clamping: allowance) }
        switch order.work {
        case .evaluate(let work):
            evaluate.model = ProtoModelConfiguration(work.model)
            evaluate.candidate = Data(work.candidate.bytes)
            evaluate.evaluation = Data(work.evaluation.bytes)
            evaluate.units = work.units.map { ProtoUnitReference($0) }
        case .generate(let work):
            generate.units = work.units.map { ProtoUnitReference($0) }
        }
    }
}

extension ProtoUnitReference {
    init(_ reference: TaskOrder.UnitReference) {
        self.init()
        unit = Data(reference.unit.bytes)
        content = Data(reference.content.bytes)
    }
}
