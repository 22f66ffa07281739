extension Template {
    /// True when some sample has a file beside its text.
    package var hasAttachments: Bool { samples.contains { !$0.attachments.isEmpty } }

    /// Kinds of its samples' files, images first.
    package var attachmentKinds: [Attachment.Kind] {
        Attachment.Kind.allCases.filter { kind in samples.contains { $0.attachments.contains { $0.kind == kind } } }
    }
}

extension Attachment {
    /// The field of an input line that says where a sample's file is: names come once in a sample.
    package func field(ofSample index: Int) -> String {
        TemplateReader.join("evaluationSamples[\(index)].inputVariablesMultimodal", name) + ".s3Uri"
    }
}

extension Attachment.Kind {
    /// Reads `type` of an input file: `IMAGE`, `PDF`, or `DOCUMENT` as results write it, in any case.
    package init?(inputType: String) {
        switch inputType.uppercased() {
        case "IMAGE": self = .image
        case "PDF", "DOCUMENT": self = .document
        default: return nil
        }
    }

    /// As an input file writes it; results write the raw value.
    package var inputType: String {
        switch self {
        case .image: "IMAGE"
        case .document: "PDF"
        }
    }
}
