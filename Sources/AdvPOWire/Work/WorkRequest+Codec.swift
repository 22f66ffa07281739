package import AdvPOModel
// Protocol Buffers hand out byte fields as Foundation's Data.
import Foundation

extension WorkRequest {
    package func encoded() -> [UInt8] {
        var proto = ProtoWorkRequest()
        switch self {
        case .pull(let session):
            proto.pull.session = session
        case .report(let session, let lease, let units, let taskEnded, let callsSpent, let andPull):
            proto.report.session = session
            proto.report.lease = ProtoLease(lease)
            proto.report.units = units.map { ProtoUnitReport($0) }
            proto.report.taskEnded = taskEnded
            if let callsSpent { proto.report.callsSpent = UInt32(clamping: callsSpent) }
            proto.report.andPull = andPull
        case .fetch(let session, let hashes):
            proto.fetch.session = session
            proto.fetch.hashes = hashes.map { Data($0.bytes) }
        }
        return proto.canonicalBytes()
    }

    package init(decoding bytes: [UInt8], limits: WireLimits) throws(WireError) {
        let name = "WorkRequest"
        let proto = try ProtoWorkRequest(checking: bytes, as: .workRequest, named: name, limits: limits)
        switch proto.kind {
        case .pull(let pull):
            self = .pull(session: pull.session)
        case .report(let report):
            let place = "\(name).report"
            guard report.hasLease else { throw WireCheck.missing("\(place).lease") }
            var units: [UnitReport] = []
            for (index, unit) in report.units.enumerated() { units.append(try UnitReport(unit, "\(place).units[\(index)]")) }
            self = .report(
                session: report.session, lease: Lease(report.lease), units: units, taskEnded: report.taskEnded,
                callsSpent: report.hasCallsSpent ? Int(report.callsSpent) : nil, andPull: report.andPull)
        case .fetch(let fetch):
            var hashes: [ContentHash] = []
            for (index, hash) in fetch.hashes.enumerated() { hashes.append(try WireCheck.hash(hash, "\(name).fetch.hashes[\(index)]")) }
            self = .fetch(session: fetch.session, hashes: hashes)
        case nil:
            throw WireCheck.unknownKind(name)
        }
    }
}

extension UnitReport {
    init(_ proto: ProtoUnitReport, _ place: String) throws(WireError) {
        guard proto.hasRecord else { throw WireCheck.missing("\(place).record") }
        self.init(unit: try WireCheck.hash(proto.unit, "\(place).unit"), record: try UnitRecord(proto.record, "\(place).record"))
    }
}

extension ProtoUnitReport {
    init(_ report: UnitReport) {
        self.init()
        unit = Data(report.unit.bytes)
        record = ProtoUnitRecord(report.record)
    }
}
