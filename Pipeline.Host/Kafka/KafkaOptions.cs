using System.ComponentModel.DataAnnotations;

namespace Pipeline.Host.Kafka;

/// <summary>How Kafka is reached, and what the topics are called. Section <c>Kafka</c>.</summary>
public sealed class KafkaOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Kafka";

    /// <summary>Session of a member of the classic protocol, unless <see cref="ConsumerProperties"/> name another: the least that brokers take by default.</summary>
    internal static readonly TimeSpan DefaultSession = TimeSpan.FromSeconds(6);

    /// <summary>Some brokers, <c>host:port</c>, with commas between.</summary>
    [Required]
    public string BootstrapServers { get; set; } = "127.0.0.1:9092";

    /// <summary>Consumer group: the processes of one group share the partitions.</summary>
    [Required]
    public string GroupId { get; set; } = "pipeline";

    /// <summary>
    /// Protocol of the group. <see cref="GroupProtocolKind.Consumer"/> is Kafka 4's (KIP-848): the brokers assign, and the session's and
    /// heartbeat's times are set there (<c>group.consumer.session.timeout.ms</c>).
    /// </summary>
    public GroupProtocolKind GroupProtocol { get; set; }

    /// <summary>
    /// Name of this process in the group, the same after a restart: one that is back within the session finds its partitions as they were, and
    /// no other process takes them meanwhile. Not set: whoever leaves hands over at once.
    /// </summary>
    public string? GroupInstanceId { get; set; }

    /// <summary>Input: sample chunks, key = patient.</summary>
    [Required]
    public string SamplesTopic { get; set; } = "pipeline.samples";

    /// <summary>Output: every estimate, key = patient.</summary>
    [Required]
    public string ResultsTopic { get; set; } = "pipeline.results";

    /// <summary>Output: events and changes of alarms alone, as they stand among the results, key = patient; for systems that want no estimates.</summary>
    [Required]
    public string EventsTopic { get; set; } = "pipeline.events";

    /// <summary>Output: what could not be used, with the reason.</summary>
    [Required]
    public string DeadLettersTopic { get; set; } = "pipeline.dead-letters";

    /// <summary>What was wanted of patients' alarms, by whom and why; appended to and kept for ever. What takes effect are the same commands in <see cref="SamplesTopic"/>.</summary>
    [Required]
    public string CommandsTopic { get; set; } = "pipeline.commands";

    /// <summary>Snapshots of the patients' state; compacted, as many partitions as <see cref="SamplesTopic"/>.</summary>
    [Required]
    public string StateTopic { get; set; } = "pipeline.state";

    /// <summary>Partitions of the topics that <c>./pipeline topics</c> creates: the most processes that can share a ward.</summary>
    [Range(1, 10_000)]
    public int Partitions { get; set; } = 8;

    /// <summary>Replicas of the topics that <c>./pipeline topics</c> creates; −1 is the cluster's default.</summary>
    [Range(-1, 15)]
    public int Replicas { get; set; } = -1;

    /// <summary>How long samples and results are kept.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long dead letters are kept.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "3650.00:00:00")]
    public TimeSpan DeadLetterRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often the offsets of checkpoints in local files are committed to the group (embedded broker).</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often the patients' state is kept in <see cref="StateTopic"/>, together with the offset: what was done since is done again after a
    /// crash, to the same result. 0.1 s to 1 min; default 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Folder for the snapshots of patients that are not in memory: a file of some 30 kB a patient, a copy of what <see cref="StateTopic"/> has, gone with the
    /// process. Empty: a folder of its own in the system's place for temporary files. One that everybody may write is refused.
    /// </summary>
    public string StateFolder { get; set; } = "";

    /// <summary>
    /// 1: a process keeps warm the state of the shards that it does not own, and takes one over without reading it first. It reads the whole
    /// changelog and holds what is newest in it.
    /// </summary>
    [Range(0, 1)]
    public int Standby { get; set; }

    /// <summary>Most bytes of snapshots that are kept warm; the largest shards beyond that are not.</summary>
    [Range(1L << 20, 1L << 40)]
    public long StandbyBytes { get; set; } = 512L << 20;

    /// <summary>How long a partition that is handed over, or the end of the process, waits for the acknowledgements of what was read.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:04:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Form of the patients' pseudonyms, a regular expression that the whole of each matches; records of others become dead letters. Empty: whatever
    /// does not look like a name or a date of birth.
    /// </summary>
    public string PatientPattern { get; set; } = "";

    /// <summary>Largest record value that is read.</summary>
    [Range(1_000, 64 << 20)]
    public int MaxPayloadBytes { get; set; } = Wire.SampleDecoder.DefaultMaxPayloadBytes;

    /// <summary>Most bytes that a producer holds until the brokers have them; then it waits.</summary>
    [Range(64 << 10, 1 << 30)]
    public int ProducerBufferBytes { get; set; } = 32 << 20;

    /// <summary>
    /// Whether publishing waits for the group's committed offsets, so that no partition holds more unread bytes than the embedded broker
    /// keeps. Set by the embedded broker; of no use with a real one.
    /// </summary>
    public bool PaceByGroup { get; set; }

    /// <summary>
    /// Folder for checkpoints in the place of <see cref="StateTopic"/>, for brokers without transactions, of one process alone; empty (default): they go
    /// to Kafka, where every process finds them.
    /// </summary>
    public string CheckpointFolder { get; set; } = "";

    /// <summary>Where the checkpoints go when the broker has no transactions; null: <see cref="StateTopic"/>.</summary>
    internal LocalCheckpoints? LocalCheckpoints
    {
        get => field ?? (CheckpointFolder.Length == 0 ? null : new LocalCheckpoints(CheckpointFolder, IdOf($"{BootstrapServers} {SamplesTopic}")));
        set;
    }

    /// <summary>Whether the group's offsets are committed in the checkpoints' transactions, and not by the client on its own.</summary>
    internal bool CommitsInTransactions => LocalCheckpoints is null;

    /// <summary>
    /// Any setting of librdkafka, for all clients: <c>Kafka:Properties:security.protocol</c>. Underscores stand for dots, so that
    /// environment variables can say <c>Kafka__Properties__sasl_username</c>.
    /// </summary>
    public Dictionary<string, string> Properties { get; set; } = [];

    /// <summary>The same, for consumers only.</summary>
    public Dictionary<string, string> ConsumerProperties { get; set; } = [];

    /// <summary>The same, for producers only.</summary>
    public Dictionary<string, string> ProducerProperties { get; set; } = [];

    /// <summary>Another object with the same settings.</summary>
    public KafkaOptions Copy()
    {
        var copy = (KafkaOptions)MemberwiseClone();
        copy.Properties = new(Properties);
        copy.ConsumerProperties = new(ConsumerProperties);
        copy.ProducerProperties = new(ProducerProperties);
        return copy;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string[] topics = [SamplesTopic, ResultsTopic, DeadLettersTopic, StateTopic];
        if (topics.Distinct(StringComparer.Ordinal).Count() < topics.Length)
            yield return new ValidationResult("the four topics need four names", [nameof(SamplesTopic), nameof(ResultsTopic), nameof(DeadLettersTopic), nameof(StateTopic)]);
        if (topics.Contains(CommandsTopic, StringComparer.Ordinal))
            yield return new ValidationResult("the commands need a topic of their own", [nameof(CommandsTopic)]);
        if (topics.Append(CommandsTopic).Contains(EventsTopic, StringComparer.Ordinal))
            yield return new ValidationResult("the events need a topic of their own", [nameof(EventsTopic)]);
        if (FindPatternFault() is { } wrong)
            yield return new ValidationResult(wrong, [nameof(PatientPattern)]);
        foreach (var (name, properties) in new[] { (nameof(Properties), Properties), (nameof(ConsumerProperties), ConsumerProperties), (nameof(ProducerProperties), ProducerProperties) })
            foreach (var (key, value) in properties)
                if (ClientSettings.FindFault(key, value) is { } fault)
                    yield return new ValidationResult($"'{key}': {fault}", [name]);
    }

    private string? FindPatternFault()
    {
        try
        {
            _ = new Wire.PseudonymForm(PatientPattern);
            return null;
        }
        catch (ArgumentException fault)
        {
            return $"allowed: a regular expression without look-around and back references, for example [A-Z]{{2}}-[0-9]{{6}} ({fault.Message})";
        }
    }

    // Such a broker gives its topics no id; another address is another broker, whose offsets begin at 0.
    private static Guid IdOf(string text) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}

/// <summary>Checkpoints in local files, in the place of the changelog.</summary>
/// <param name="Folder">Their folder, of this process alone.</param>
/// <param name="TopicId">Id of the samples topic, as the embedded broker gives none: another for each broker, since a broker's offsets begin at 0.</param>
internal sealed record LocalCheckpoints(string Folder, Guid TopicId);

/// <summary>How the members of the group share the partitions.</summary>
public enum GroupProtocolKind
{
    /// <summary>The members' own, cooperative-sticky.</summary>
    Classic,

    /// <summary>The brokers', from Kafka 4 on (KIP-848).</summary>
    Consumer,
}
