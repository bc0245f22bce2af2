using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.State;

namespace Pipeline.Actors;

/// <summary>A device, and when it was heard last. Written by its partition's graph, but for what the table says.</summary>
/// <param name="patient">The patient.</param>
/// <param name="device">Its name, unique within the patient.</param>
internal sealed class HeardDevice(PatientId patient, string device)
{
    private long _heardAt;      // 0: not in this ownership
    private long _lastNanoseconds;

    public PatientId Patient => patient;

    public string Device => device;

    public string Ward { get; private set; } = "";

    public string Bed { get; private set; } = "";

    public long Epoch { get; private set; }

    /// <summary>Its channels, shared with its stream; null before anything is known of it.</summary>
    public ChannelLayout? Channels { get; private set; }

    /// <summary>The next of the patient's devices, in the chain that its window stage keeps.</summary>
    public HeardDevice? Next { get; set; }

    /// <summary>By <see cref="TimeProvider.GetTimestamp"/>; null when nothing came of it in this ownership.</summary>
    public long? HeardAt => Volatile.Read(ref _heardAt) is not 0 and var at ? at : null;

    /// <summary>Event time up to which it has sent.</summary>
    public Timestamp Last => new(Volatile.Read(ref _lastNanoseconds));

    /// <summary>Whether it was said to be silent; of the judging thread.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Whether anything was said of it in this ownership; of the judging thread.</summary>
    public bool IsSaid { get; set; }

    /// <summary>When it was said last to be silent; of the judging thread.</summary>
    public long SaidAt { get; set; }

    public void Note(SampleChunk chunk, long now)
    {
        if (chunk.Epoch != Epoch || Channels is null)
            (Epoch, Channels) = (chunk.Epoch, chunk.Channels);
        (Ward, Bed) = (chunk.Ward, chunk.Bed);
        Volatile.Write(ref _lastNanoseconds, chunk.FirstSampleTime.AddSeconds(chunk.SampleCount / chunk.RateHz).UnixNanoseconds);
        Volatile.Write(ref _heardAt, now);
    }

    public void Note(PlacedDevice placed)
    {
        (Epoch, Channels, Ward, Bed) = (placed.Stream.Epoch, placed.Stream.Channels, placed.Ward, placed.Bed);
        Volatile.Write(ref _lastNanoseconds, placed.LastTime.UnixNanoseconds);
    }
}

/// <summary>
/// Which devices of a partition send, by the wall clock: no part of any series. A device is silent when the partition is read to its end
/// and nothing came of it for <paramref name="silentAfter"/>, counted from when this process had read the partition to its end first: so a
/// new owner neither takes all for silent while it catches up, nor those for fresh that it knows from their snapshots alone.
/// <see cref="Hear"/> is the graph's; the rest is one judging thread's.
/// </summary>
internal sealed class PresenceTable(TimeSpan silentAfter, TimeProvider time)
{
    /// <summary>Most devices; one more is not watched.</summary>
    public const int MostDevices = 50_000;

    /// <summary>A device that is silent is said to be so again and again, for this long.</summary>
    public static readonly TimeSpan SaidFor = TimeSpan.FromHours(1);

    private static readonly TimeSpan SaidEvery = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Patient, string Device), HeardDevice> _devices = [];
    private long? _caughtUpAt;
    private volatile int _silentCount;

    /// <summary>Devices that are silent. Any thread.</summary>
    public int SilentCount => _silentCount;

    /// <summary>Whether the patients of the restored state are to be added: nothing came of those that are still missing.</summary>
    public bool IsToAddRestored => !IsRestoredAdded && _caughtUpAt is { } at && time.GetElapsedTime(at) >= silentAfter;

    /// <summary>Whether <see cref="Add"/> was called for them.</summary>
    public bool IsRestoredAdded { get; set; }

    /// <summary>A chunk came. <paramref name="known"/>: the first of the patient's devices that the caller knows, who keeps it.</summary>
    public void Hear(ref HeardDevice? known, SampleChunk chunk, long now)
    {
        for (var device = known; device is not null; device = device.Next)
            if (device.Device == chunk.Device)
            {
                device.Note(chunk, now);
                return;
            }
        if (Find(chunk.Patient, chunk.Device) is not { } found)
            return;
        (found.Next, known) = (known, found);
        found.Note(chunk, now);
    }

    /// <summary>A patient of the restored state, who may not have sent since; newer than <paramref name="oldest"/> only.</summary>
    public void Add(PatientSnapshot snapshot, Timestamp oldest)
    {
        foreach (var placed in snapshot.Devices)
            if (placed.LastTime >= oldest && Find(snapshot.Patient, placed.Stream.Device) is { HeardAt: null } device)
                device.Note(placed);
    }

    /// <summary>
    /// What is to be said now: devices that were heard first, fell silent, send again, or are still silent. <paramref name="isAtEnd"/>:
    /// whether the partition has been read to its end.
    /// </summary>
    public IReadOnlyList<PresenceChange> Judge(bool isAtEnd)
    {
        var now = time.GetTimestamp();
        if (isAtEnd)
            _caughtUpAt ??= now;
        HeardDevice[] devices;
        lock (_lock)
            devices = [.. _devices.Values];
        var changes = new List<PresenceChange>();
        foreach (var device in devices)
            if (Judge(device, isAtEnd, now) is { } change)
                changes.Add(change);
        _silentCount = devices.Count(device => device.IsSilent);
        return changes;
    }

    private PresenceChange? Judge(HeardDevice device, bool isAtEnd, long now)
    {
        var heardFor = device.HeardAt is { } at ? time.GetElapsedTime(at, now) : TimeSpan.MaxValue;
        if (heardFor < silentAfter)
        {
            // Said once of each: an owner before may have said that it is silent.
            var (wasSilent, wasSaid) = (device.IsSilent, device.IsSaid);
            (device.IsSilent, device.IsSaid) = (false, true);
            return wasSilent || !wasSaid ? new PresenceChange(device, IsSilent: false, IsNew: wasSilent, IsInherited: false) : null;
        }
        if (!isAtEnd || _caughtUpAt is not { } caughtUp || time.GetElapsedTime(caughtUp, now) < silentAfter)
            return null;
        var isNew = !device.IsSilent;
        if (!isNew && (time.GetElapsedTime(device.SaidAt, now) < SaidEvery || heardFor < TimeSpan.MaxValue && heardFor > SaidFor
            || heardFor == TimeSpan.MaxValue && time.GetElapsedTime(caughtUp, now) > SaidFor))
            return null;
        (device.IsSilent, device.IsSaid, device.SaidAt) = (true, true, now);
        return new PresenceChange(device, IsSilent: true, isNew, IsInherited: device.HeardAt is null);
    }

    private HeardDevice? Find(PatientId patient, string device)
    {
        lock (_lock)
        {
            if (!_devices.TryGetValue((patient.Value, device), out var found) && _devices.Count < MostDevices)
                _devices.Add((patient.Value, device), found = new HeardDevice(patient, device));
            return found;
        }
    }
}

/// <summary>What is to be said of a device.</summary>
/// <param name="Device">The device.</param>
/// <param name="IsSilent">Whether it is silent.</param>
/// <param name="IsNew">Whether that was not so before.</param>
/// <param name="IsInherited">Whether it was silent when this process took its partition.</param>
internal readonly record struct PresenceChange(HeardDevice Device, bool IsSilent, bool IsNew, bool IsInherited);

/// <summary>Whether a device sends, as of now.</summary>
/// <param name="Patient">Pseudonym.</param>
/// <param name="Ward">Ward that its last chunk named.</param>
/// <param name="Bed">Bed that its last chunk named.</param>
/// <param name="Device">Device.</param>
/// <param name="IsSilent">Whether it is silent.</param>
/// <param name="IsNew">Whether that was not so before.</param>
/// <param name="IsInherited">Whether it was silent when this process took its partition.</param>
/// <param name="Since">Event time up to which it has sent.</param>
/// <param name="Points">The same as points, one a kind of its signals, with the wall clock's time: metric <see cref="Metric.Presence"/>,
/// status <c>silent</c> or <c>ok</c>.</param>
public sealed record DevicePresence(
    PatientId Patient, string Ward, string Bed, string Device, bool IsSilent, bool IsNew, bool IsInherited, Timestamp Since, IReadOnlyList<VitalPoint> Points)
{
    internal static DevicePresence Of(PresenceChange change, string topic, int partition, DateTimeOffset now)
    {
        var device = change.Device;
        var status = change.IsSilent ? EstimateStatus.Silent : EstimateStatus.Ok;
        var since = device.Last;
        return new DevicePresence(device.Patient, device.Ward, device.Bed, device.Device, change.IsSilent, change.IsNew, change.IsInherited, since,
        [
            .. KindsOf(device).Select(signal => new VitalPoint(
                new Origin(topic, partition, -1), device.Patient, device.Ward, device.Bed, device.Device, device.Epoch, WindowId: 0, since, Timestamp.From(now),
                new Estimate(signal, Metric.Presence, double.NaN, double.NaN, 0, 0, status, ""))),
        ]);
    }

    private static IEnumerable<SignalKind> KindsOf(HeardDevice device) =>
        device.Channels is { } channels ? channels.Span.ToArray().Select(channel => channel.Kind).Distinct() : [];
}
