using System.Globalization;
using Pipeline.Models.Signals;

namespace Pipeline.Host.Recordings;

/// <summary>
/// One device stream of a recording: the channels of one rate. Motion (ACC, GYR) of another rate joins the device that holds the PPG, at
/// its rate, because the estimate needs them side by side.
/// </summary>
internal sealed class RecordedDevice
{
    private const double MaxRateHz = 100_000;

    private readonly List<RecordedChannel> _sources;
    private readonly SampleFormat _format;
    private long _sent;          // samples
    private long _sentSeconds;

    private RecordedDevice(string name, double rateHz, SampleFormat format, ChannelLayout channels, List<RecordedChannel> sources)
    {
        (Name, RateHz, _format, Channels, _sources) = (name, rateHz, format, channels, sources);
    }

    public string Name { get; }

    public double RateHz { get; }

    public ChannelLayout Channels { get; }

    public bool IsEnded { get; private set; }

    /// <summary>The devices of a file, in the order of their first channels.</summary>
    /// <exception cref="RecordingException">Too many channels of one rate, or too high a rate.</exception>
    public static List<RecordedDevice> Group(string fileName, IFrameReader reader, SignalKind?[] kinds, SignalBuffer[] buffers)
    {
        var signals = reader.Signals;
        double RateOf(int s) => reader.FramesPerSecond * signals[s].SamplesPerFrame;

        var ppg = Array.IndexOf(kinds, SignalKind.Ppg);
        var byRate = Enumerable.Range(0, signals.Count)
            .Where(s => kinds[s] is not null)
            .GroupBy(s => ppg >= 0 && kinds[s] is SignalKind.Acc or SignalKind.Gyr ? RateOf(ppg) : RateOf(s))
            .ToList();
        var devices = new List<RecordedDevice>();
        foreach (var group in byRate)
        {
            if (group.Count() > ChannelLayout.MaxChannels || group.Key > MaxRateHz)
                throw new RecordingException(string.Create(
                    CultureInfo.InvariantCulture, $"{fileName}: {group.Count()} channels at {group.Key} Hz; at most "
                    + $"{ChannelLayout.MaxChannels} at {MaxRateHz} Hz are possible: leave some out by --channel LABEL=ignore"));
            var name = byRate.Count == 1 ? "monitor" : string.Create(CultureInfo.InvariantCulture, $"monitor-{group.Key:0.###}hz");
            var layout = new ChannelLayout([.. group.Select(s => ChannelOf(signals[s], kinds[s] ?? default))]);
            devices.Add(new(name, group.Key, reader.Format, layout, [.. group.Select(s => new RecordedChannel(buffers[s], RateOf(s)))]));
        }
        for (var s = 0; s < kinds.Length; s++)
            if (kinds[s] is null)
                buffers[s].Discard();
        return devices;
    }

    /// <summary>Whether the samples before this second, and at least one after, are waiting.</summary>
    public bool HasMoreThan(long seconds) => _sources.TrueForAll(source =>
        source.Buffer.Count > EndIndex(seconds, source.RateHz) - EndIndex(_sentSeconds, source.RateHz));

    /// <summary>The chunk of a second; the last one when the file has ended and nothing is left for another.</summary>
    public SampleChunk Take(long second, bool isMore, RecordedPatient patient)
    {
        var count = (int)(EndIndex(second + 1, RateHz) - _sent);
        var own = _sources.FindAll(source => source.RateHz == RateHz);
        if (!isMore)
            count = Math.Min(count, own.Min(source => source.Buffer.Count));
        var rowBytes = count * SampleChunk.BytesPerSample(_format);
        var bytes = new byte[_sources.Count * rowBytes];
        for (var c = 0; c < _sources.Count; c++)
        {
            var row = bytes.AsSpan(c * rowBytes, rowBytes);
            if (_sources[c].RateHz == RateHz)
                _sources[c].Buffer.MoveTo(row);
            else
                _sources[c].Resample(second, RateHz, _format, row);
        }
        IsEnded = !isMore && own.TrueForAll(source => source.Buffer.Count == 0);
        var chunk = new SampleChunk
        {
            Patient = patient.Patient,
            Bed = patient.Bed,
            Ward = patient.Ward,
            Device = Name,
            Epoch = patient.Epoch,
            RateHz = RateHz,
            FirstSampleIndex = _sent,
            FirstSampleTime = patient.Start.AddSeconds(_sent / RateHz),
            Channels = Channels,
            SampleCount = count,
            Format = _format,
            Samples = bytes,
            EndOfStream = IsEnded,
        };
        _sent += count;
        _sentSeconds = second + 1;
        return chunk;
    }

    private static Channel ChannelOf(RecordedSignal signal, SignalKind kind)
    {
        var (unit, perOne) = Units.Of(kind, signal.Unit);
        var gain = signal.Gain / perOne;
        return new(signal.Label, kind, unit, double.IsFinite(gain) && gain != 0 ? gain : 1, signal.Baseline);
    }

    /// <summary>Samples before the end of a second: those with index / rate &lt; seconds.</summary>
    internal static long EndIndex(long seconds, double rateHz) => (long)Math.Ceiling(seconds * rateHz - 1e-6);
}
