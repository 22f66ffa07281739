package import OrderedCollections

/// One line of an input file: a prompt template, how its answers are scored, and the samples.
package struct Template: Hashable, Sendable {
    /// The 1-based line of the input file.
    package var line: Int
    package var id: String
    /// The template as submitted, `<advpo:…>` tags included.
    package var promptTemplate: String
    package var method: EvaluationMethod
    /// `customEvaluationMetricLabel`; set when a custom judge or a function scores.
    package var metricLabel: String?
    package var samples: [Sample]
    package var shortenPrompt: Bool

    package init(
        line: Int, id: String, promptTemplate: String, method: EvaluationMethod, metricLabel: String?, samples: [Sample], shortenPrompt: Bool
    ) {
        self.line = line
        self.id = id
        self.promptTemplate = promptTemplate
        self.method = method
        self.metricLabel = metricLabel
        self.samples = samples
        self.shortenPrompt = shortenPrompt
    }
}

/// One labelled input of a template.
package struct Sample: Hashable, Sendable {
    /// The 0-based position among the template's samples.
    package var index: Int
    package var variables: OrderedDictionary<String, String>
    package var referenceResponse: String?
    package var attachments: [Attachment]

    package init(index: Int, variables: OrderedDictionary<String, String>, referenceResponse: String?, attachments: [Attachment] = []) {
        self.index = index
        self.variables = variables
        self.referenceResponse = referenceResponse
        self.attachments = attachments
    }

    /// The variables in the form that rendering takes.
    package var values: [String: String] { Dictionary(uniqueKeysWithValues: variables.map { ($0.key, $0.value) }) }
}

/// A file that accompanies a sample's text (`inputVariablesMultimodal`).
package struct Attachment: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case image = "IMAGE"
        case document = "DOCUMENT"
    }

    /// What the file held when its job was submitted.
    package struct Content: Hashable, Sendable {
        /// The blob of its bytes.
        package var hash: ContentHash
        package var mediaType: MediaType
        package init(hash: ContentHash, mediaType: MediaType) {
            self.hash = hash
            self.mediaType = mediaType
        }
    }

    package var name: String
    package var kind: Kind
    package var uri: String
    /// Nil until the file was read; its media type is one of `kind`.
    package var content: Content?

    package init(name: String, kind: Kind, uri: String, content: Content? = nil) {
        self.name = name
        self.kind = kind
        self.uri = uri
        self.content = content
    }
}
