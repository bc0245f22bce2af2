using System.ComponentModel.DataAnnotations;
using Pipeline.Models.Signals;

namespace Pipeline.Actors;

/// <summary>How the flow is set; the section <c>Topology</c> of the configuration.</summary>
public sealed class TopologyOptions : IValidatableObject
{
    /// <summary>Length of a window, 1 s to 10 min; default 8 s. The estimators are made for 8 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan WindowLength { get; set; } = WindowShape.Default.Length;

    /// <summary>From one window's start to the next, 0.1 s to <see cref="WindowLength"/>; default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan WindowHop { get; set; } = WindowShape.Default.Hop;

    /// <summary>
    /// What estimates heart rate from PPG: <c>auto</c> (default), the network that ships, or the classical estimator where that is not
    /// there; <c>classical</c>; or the name or folder of a model package.
    /// </summary>
    [Required]
    public string Model { get; set; } = Models.Estimators.Stages.Auto;

    /// <summary>
    /// What decides on the beats of an ECG: <c>auto</c> (default), the network that ships, or the rule where that is not there;
    /// <c>classical</c>, the rule; or the name or folder of a model package.
    /// </summary>
    [Required]
    public string QrsModel { get; set; } = Models.Estimators.Stages.Auto;

    /// <summary>
    /// What is asked about the fetal heart rate of abdominal leads beside the classical estimator: <c>auto</c> (default), the network that
    /// ships, or nothing where there is none; <c>classical</c>, nothing; or the name or folder of a model package.
    /// </summary>
    [Required]
    public string FetalModel { get; set; } = Models.Estimators.Stages.Auto;

    /// <summary>
    /// What reconstructs the beats of an ECG: <c>classical</c> (default), nothing; <c>auto</c>, the autoencoder that ships, or nothing
    /// where there is none; or the name or folder of a model package.
    /// </summary>
    [Required]
    public string EcgAutoencoder { get; set; } = Models.Estimators.Stages.Classical;

    /// <summary>
    /// Records that wait before a partition's graph until the partition is paused, 16 to 65,536; default 256, about as many as a source
    /// reads of one partition at a time. With more of them the cache misses more.
    /// </summary>
    [Range(16, 65_536)]
    public int MailboxCapacity { get; set; } = 256;

    /// <summary>
    /// Bytes of records that wait before a partition's graph until the partition is paused, 1 MiB to 1 GiB; default 32 MiB. As much at
    /// most, and one batch of records, is kept at each place within the graph where records wait: for a snapshot, for a network's answer,
    /// as dead letters for the sinks.
    /// </summary>
    [Range(1 << 20, 1 << 30)]
    public int MaxMailboxBytes { get; set; } = 32 << 20;

    /// <summary>Points at which a batch is handed to the sinks although more records wait, 1 to 100,000; default 500.</summary>
    [Range(1, 100_000)]
    public int MaxBatchPoints { get; set; } = 500;

    /// <summary>Batches of one shard that wait for their acknowledgement before the shard takes no more records, 1 to 64; default 16. They
    /// are small where a shard is quicker than its source, and a store that takes them together answers them together.</summary>
    [Range(1, 64)]
    public int MaxBatchesInFlight { get; set; } = 16;

    /// <summary>Windows of one partition whose estimates are not known yet, 1 to 100,000; default 1,024. With as many no more records are
    /// taken.</summary>
    [Range(1, 100_000)]
    public int MaxWaitingWindows { get; set; } = 1_024;

    /// <summary>Age up to which a chunk is live, 1 s to 1 h; default 10 s. Networks answer the windows of older ones after those of live
    /// ones.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LiveWithin { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Patients that a shard keeps in memory, 1 to 1,000,000; default 5,000. The chunks of further ones go to the dead
    /// letters.</summary>
    [Range(1, 1_000_000)]
    public int MaxPatientsPerShard { get; set; } = 5_000;

    /// <summary>Devices of a patient that are kept at the same time, 1 to 64; default 8. One that is idle or ended makes room.</summary>
    [Range(1, 64)]
    public int MaxDevicesPerPatient { get; set; } = 8;

    /// <summary>
    /// Bytes of samples that the windows of a patient's devices may hold together, 16 KiB to 1 GiB; default 800,000. A device that needs
    /// more is refused, with the reason, as the patient's snapshot has to fit into one record of Kafka (<c>max.message.bytes</c>, 1 MiB by
    /// default).
    /// </summary>
    [Range(16 << 10, 1 << 30)]
    public int MaxPatientBytes { get; set; } = 800_000;

    /// <summary>Bytes of samples that the windows of all devices of a partition may hold, 1 MiB to 1 TiB; default 1 GiB. A further device
    /// is refused.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxPartitionBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Event time without a chunk after which a patient may leave the memory, 1 min to 1 day; default 10 min: its snapshot lies on disk,
    /// and it comes back as it was. Only together with <see cref="IdleRounds"/>, so that neither a wrong clock nor a recording that follows
    /// another one does it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan IdleAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Records per patient of the shard that must have passed since a patient's last one before it leaves the memory, 10 to
    /// 100,000; default 300.</summary>
    [Range(10, 100_000)]
    public int IdleRounds { get; set; } = 300;

    /// <summary>
    /// Event time of the shard without a chunk after which a patient is forgotten, 10 min to 10 years, no less than
    /// <see cref="IdleAfter"/>; default 7 days. A chunk that comes later begins a new patient. Only together with
    /// <see cref="ForgetRecords"/>, for the same reason.
    /// </summary>
    [Range(typeof(TimeSpan), "00:10:00", "3650.00:00:00")]
    public TimeSpan ForgetAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Records of the partition that must have passed since a patient's last one before it is forgotten, 1 to 1,000,000,000;
    /// default 100,000.</summary>
    [Range(1, 1_000_000_000)]
    public int ForgetRecords { get; set; } = 100_000;

    /// <summary>
    /// Time by the wall clock without a chunk of a device after which it is said to be silent, 2 s to 1 h; default 10 s. Longer than a
    /// hand-over of partitions takes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan SilentAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a chunk is tried before it goes to the dead letters, 1 to 10; default 3.</summary>
    [Range(1, 10)]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>
    /// Why a device whose window takes <paramref name="own"/> bytes of samples finds no room beside <paramref name="others"/> bytes of the
    /// patient's other devices (<see cref="MaxPatientBytes"/>); null when it does.
    /// </summary>
    public string? FindExcess(int channels, double rateHz, long own, long others) => own + others <= MaxPatientBytes
        ? null
        : FormattableString.Invariant($"{channels} channels at {rateHz} Hz need {own} bytes of samples a window{(others > 0 ? $", and the patient's other devices {others}" : "")}; at most ")
            + FormattableString.Invariant($"{nameof(MaxPatientBytes)} = {MaxPatientBytes} are kept, so that a snapshot fits into a record: send fewer channels, a lower rate, or shorter windows");

    /// <summary>Refuses what the ranges or the cross checks refuse.</summary>
    /// <exception cref="ValidationException">Names the key, its value and what is allowed.</exception>
    public void Validate() => Validator.ValidateObject(this, new ValidationContext(this), validateAllProperties: true);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (WindowHop > WindowLength)
            yield return new ValidationResult($"{nameof(WindowHop)} is {WindowHop}; at most {nameof(WindowLength)} ({WindowLength}) is possible.", [nameof(WindowHop)]);
        if (ForgetAfter < IdleAfter)
            yield return new ValidationResult($"{nameof(ForgetAfter)} is {ForgetAfter}; at least {nameof(IdleAfter)} ({IdleAfter}) is wanted.", [nameof(ForgetAfter)]);
    }

    /// <summary>After this time a message to a patient is asked about that was not acknowledged: much longer than one takes, and no
    /// setting.</summary>
    internal TimeSpan AcknowledgeWithin { get; init; } = TimeSpan.FromSeconds(5);

    internal WindowShape Shape => new(WindowLength, WindowHop);
}
