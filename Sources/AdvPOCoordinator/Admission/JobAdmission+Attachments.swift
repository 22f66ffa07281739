import AdvPOModel
import OrderedCollections

/// Which models are sent which files.
extension JobAdmission {
    /// Refuses templates whose files a target model does not take, and those whose judge would have neither a sample's files nor its reference.
    ///
    /// A judge that takes no files of a kind judges by the reference answer and is told that there were files that it does not see.
    func checkInputs(of templates: [Template], targets: [ModelConfiguration], defaultJudge: String?) throws(AdmissionFault) {
        var faults: [InputFault] = []
        for template in templates {
            for kind in template.attachmentKinds {
                for target in targets where catalog.models[target.modelID]?.takes(kind) == false {
                    guard let place = Self.first(kind, in: template) else { continue }
                    faults.append(fault(template, place, kind, "the model \(target.modelID) is not sent \(kind.plural)", role: target.modelID))
                }
                guard let judge = Self.judge(of: template, default: defaultJudge), catalog.models[judge]?.takes(kind) == false,
                    let place = Self.first(kind, in: template, where: { $0.referenceResponse == nil })
                else { continue }
                faults.append(
                    fault(
                        template, place, kind, "the judge \(judge) is not sent \(kind.plural), and the sample has no referenceResponse to judge by",
                        role: judge, orElse: "add the referenceResponse, "))
            }
        }
        if !faults.isEmpty { throw AdmissionFault(faults) }
    }

    /// What each judge of the templates is shown.
    func judgeInputs(of templates: [Template], defaultJudge: String?) -> OrderedDictionary<String, [Attachment.Kind]> {
        var inputs: OrderedDictionary<String, [Attachment.Kind]> = [:]
        for template in templates where template.hasAttachments {
            guard let judge = Self.judge(of: template, default: defaultJudge), let model = catalog.models[judge] else { continue }
            let kinds = Attachment.Kind.allCases.filter(model.takes)
            if !kinds.isEmpty { inputs[judge] = kinds }
        }
        return inputs
    }

    private static func judge(of template: Template, default defaultJudge: String?) -> String? {
        if case .customJudge(_, let modelID) = template.method { return modelID }
        return template.method.usesJudge ? defaultJudge : nil
    }

    private static func first(
        _ kind: Attachment.Kind, in template: Template, where condition: (Sample) -> Bool = { _ in true }
    ) -> (sample: Sample, attachment: Attachment)? {
        for sample in template.samples where condition(sample) {
            if let attachment = sample.attachments.first(where: { $0.kind == kind }) { return (sample, attachment) }
        }
        return nil
    }

    private func fault(
        _ template: Template, _ place: (sample: Sample, attachment: Attachment), _ kind: Attachment.Kind, _ problem: String, role: String, orElse: String = ""
    ) -> InputFault {
        let input = CatalogModel.Input(kind)
        let others = catalog.models.values.filter { $0.takes(kind) }.map(\.id)
        let choice = others.isEmpty ? "no model of the models file takes them" : "those that take them: \(others.prefix(20).joined(separator: ", "))"
        let inputs = CatalogModel.Input.allCases.filter { $0 == input || catalog.models[role]?.inputs.contains($0) == true }.map(\.rawValue)
        return InputFault(
            line: template.line, templateID: template.id, field: place.attachment.field(ofSample: place.sample.index), problem: problem,
            remedy: "\(orElse)write inputs: [\(inputs.joined(separator: ", "))] at \(role) in the models file if it takes them, or name another model (\(choice))")
    }
}

extension Attachment.Kind {
    fileprivate var plural: String {
        switch self {
        case .image: "images"
        case .document: "PDF documents"
        }
    }
}

extension AdmissionFault {
    /// As an input file's own faults are told.
    init(_ faults: [InputFault]) {
        let kept = faults.prefix(InputFaults.maximumReported)
        self.init(message: InputFaults(faults: Array(kept), unreportedCount: faults.count - kept.count).description)
    }
}
