using Pipeline.Actors;
using Pipeline.Models;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// A recording that is open for reading: its channels as the device streams of one patient, its samples as chunks of one second, as the
/// devices would have sent them. Memory does not grow with its length. Read once, by one thread.
/// </summary>
public sealed class Recording : IDisposable
{
    /// <summary>Slower signals than two samples in a window of 8 s (trends, body temperature) make no windows.</summary>
    private const double MinRateHz = 0.25;

    private readonly IFrameReader _reader;
    private readonly SignalBuffer[] _buffers;   // one a signal of the file
    private readonly List<RecordedDevice> _devices;
    private readonly List<string> _notes;
    private readonly List<string> _tooSlow = [];

    private Recording(string path, IFrameReader reader, RecordingOptions options)
    {
        Name = Path.GetFileNameWithoutExtension(path);
        _reader = reader;
        _notes = [.. reader.Notes];
        _buffers = [.. reader.Signals.Select(_ => new SignalBuffer(reader.Format))];
        var kinds = KindsOf(reader.Signals, options);
        _devices = RecordedDevice.Group(Path.GetFileName(path), reader, kinds, _buffers);
        if (_devices.Count == 0 && _tooSlow.Count > 0)
            throw new NothingToEstimateException(Path.GetFileName(path), _tooSlow);
        if (_devices.Count == 0)
            throw new RecordingException($"{Path.GetFileName(path)}: "
                + (_notes.Count > 0 ? $"no channel is left: {string.Join("; ", _notes)}" : "every channel is ignored"));
        ChannelsNote = NoteOf(_devices);
        _notes.Add(ChannelsNote);
    }

    /// <summary>File name without folder and ending.</summary>
    public string Name { get; }

    /// <summary>Length, gaps included.</summary>
    public double Seconds => _reader.Seconds;

    /// <summary>What a person should know about how the file was read: kinds of channels, a resampled time base; one line each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>The line of <see cref="Notes"/> that says the kind of every channel, and how to name another one.</summary>
    public string ChannelsNote { get; }

    /// <summary>Name, rate and channels of each device stream.</summary>
    public IReadOnlyList<(string Device, double RateHz, ChannelLayout Channels)> Devices =>
        [.. _devices.Select(device => (device.Name, device.RateHz, device.Channels))];

    /// <summary>Why a pipeline that is set so would refuse one of its devices; null when it takes them all.</summary>
    public string? FindExcess(TopologyOptions topology)
    {
        ArgumentNullException.ThrowIfNull(topology);
        var held = 0L;
        foreach (var device in _devices)
        {
            var own = DeviceStream.RingBytes(
                new WindowShape(topology.WindowLength, topology.WindowHop), device.RateHz, device.Channels.Count, _reader.Format);
            if (topology.FindExcess(device.Channels.Count, device.RateHz, own, held) is { } excess)
                return excess;
            held += own;
        }
        return null;
    }

    /// <summary>
    /// Opens a recording by its ending: <c>.hea</c> WFDB, <c>.edf .rec</c> EDF and EDF+, <c>.wav</c> WAV, <c>.csv .tsv .txt</c> CSV, <c>.mp4 .avi .mov</c> video. A WFDB
    /// record may also be named without ending, as WFDB's own tools do.
    /// </summary>
    /// <exception cref="RecordingException">It is not there, not of these forms, broken, or has no rate.</exception>
    public static Recording Open(string path, RecordingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        IFrameReader? reader = null;
        try
        {
            reader = ReaderOf(path, options);
            return new(path, reader, options);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            reader?.Dispose();
            throw new RecordingException($"{Path.GetFileName(path)}: {fault.Message.ReplaceLineEndings(" ")}");
        }
        catch
        {
            reader?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The chunks, second by second and within a second device by device; the last of each device says that the stream ends.
    /// </summary>
    public IEnumerable<SampleChunk> Chunks(RecordedPatient patient)
    {
        var isMore = true;
        for (long second = 0; _devices.Exists(device => !device.IsEnded); second++)
        {
            while (isMore && _devices.Exists(device => !device.HasMoreThan(second + 1)))
                isMore = _reader.ReadInto(_buffers);
            foreach (var device in _devices)
                if (!device.IsEnded)
                    yield return device.Take(second, isMore, patient);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private static IFrameReader ReaderOf(string path, RecordingOptions options)
    {
        if (!File.Exists(path) && File.Exists(path + ".hea"))
            return WfdbReader.Open(path + ".hea");
        if (!File.Exists(path))
            throw new RecordingException($"{path}: {(Directory.Exists(path) ? "is a folder" : "is not there")}");
        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".HEA" => WfdbReader.Open(path),
            ".EDF" or ".REC" => new EdfReader(path, options),
            ".WAV" => DecimatingReader.Of(new WavReader(path)),
            ".MP4" or ".AVI" or ".MOV" => new VideoReader(path, options),
            ".CSV" or ".TSV" or ".TXT" => new CsvReader(path, options),
            _ when File.Exists(Path.ChangeExtension(path, ".hea")) =>
                throw new RecordingException(
                    $"{Path.GetFileName(path)}: is named by its header {Path.GetFileNameWithoutExtension(path)}.hea"),
            var ending => throw new RecordingException(
                $"{Path.GetFileName(path)}: no recordings end in '{ending}'; .hea .edf .rec .csv .tsv .txt .wav .mp4 .avi .mov do"),
        };
    }

    /// <summary>Kind of each signal: by the last override that fits, else by its label; null: left out.</summary>
    private SignalKind?[] KindsOf(IReadOnlyList<RecordedSignal> signals, RecordingOptions options)
    {
        var byLabel = ChannelKinds.OfAll(signals);
        var kinds = new SignalKind?[signals.Count];
        for (var s = 0; s < kinds.Length; s++)
        {
            kinds[s] = options.Of(signals[s]) is { } said ? said.Kind : byLabel[s];
            var rate = _reader.FramesPerSecond * signals[s].SamplesPerFrame;
            if (kinds[s] is null || rate >= MinRateHz)
                continue;
            kinds[s] = null;
            _tooSlow.Add(FormattableString.Invariant(
                $"{Shown(signals[s].Label)} at {rate:0.####} Hz is left out: {MinRateHz} Hz or more are wanted"));
        }
        _notes.AddRange(_tooSlow);
        foreach (var said in options.Channels.Where(said => !signals.Any(said.Matches)))
            _notes.Add($"no channel is named '{said.Label}'; there are {string.Join(", ", signals.Select(signal => Shown(signal.Label)))}");
        return kinds;
    }

    private static string NoteOf(List<RecordedDevice> devices)
    {
        var kinds = devices
            .SelectMany(device => device.Channels.Span.ToArray())
            .GroupBy(channel => channel.Kind)
            .OrderBy(kind => kind.Key == SignalKind.Unknown)
            .Select(kind => $"{(kind.Key == SignalKind.Unknown ? "unknown, not estimated from" : Names.Of(kind.Key))}: "
                + string.Join(", ", kind.Select(channel => Shown(channel.Label))));
        return $"kinds of channels: {string.Join("; ", kinds)} "
            + $"(--channel LABEL=KIND names another: {string.Join(' ', ChannelKinds.AllNames)}, ignore)";
    }

    private static string Shown(string label) => WfdbHeader.Shown(label);
}
