using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;
using Pipeline.Models.Spectra;
using Pipeline.Models.State;

namespace Pipeline.Benchmarks.Ward;

/// <summary>The stages of one run, one a patient; together they hold its result, the same in any order of the windows.</summary>
internal sealed class WardTotals
{
    private readonly List<WardStage> _stages = [];

    public long WindowCount => _stages.Sum(s => s.WindowCount);

    public long PeakSum => _stages.Sum(s => s.PeakSum);

    public ulong Checksum => _stages.Aggregate(0ul, (sum, s) => sum + s.Checksum);

    public WardStage Add(WardStage stage)
    {
        lock (_stages)
            _stages.Add(stage);
        return stage;
    }
}

/// <summary>
/// The workload's result for each window: count, mean, variance, least and greatest of each channel; with spectra also the power of each
/// channel's 1,024-point spectrum, and the PPG's peak in 0.61-3.91 Hz. The result's 64-bit FNV hash is added to the sum.
/// </summary>
internal sealed class WardStage(int patient, bool spectra) : IWindowStage
{
    private const int Points = 1024;
    private const int FirstBin = 5;
    private const int LastBin = 32;

    private const int PaneLength = 250;     // a hop
    private const int PaneCount = 4;        // a window

    [ThreadStatic]
    private static Buffers? _buffers;   // a window's work leaves nothing behind: one set a thread, not a patient

    private readonly WardStatistics[] _panes = new WardStatistics[WardSignal.ChannelCount * PaneCount];

    public long WindowCount { get; private set; }

    public long PeakSum { get; private set; }

    public ulong Checksum { get; private set; }

    public string StateName => "ward-workload";

    public int StateVersion => 1;

    /// <summary>What later windows look back to; the result so far is the run's.</summary>
    public void Transfer(StateTransfer state) => state.Values<WardStatistics>(_panes);

    public void Accept(in Window window, StageOutput output)
    {
        var hash = new Fnv(0xCBF29CE484222325);
        hash.Add((uint)patient);
        hash.Add((uint)window.StartIndex);
        hash.Add((uint)(window.StartIndex >> 32));
        var peak = 0;
        for (var channel = 0; channel < WardSignal.ChannelCount; channel++)
        {
            var statistics = Slide(_panes.AsSpan(channel * PaneCount, PaneCount), window, channel);
            hash.Add(statistics.Count);
            hash.Add(statistics.Mean);
            hash.Add(statistics.Variance);
            hash.Add(statistics.Min);
            hash.Add(statistics.Max);
            if (spectra)
                Transform(window.Int16(channel), statistics, channel, ref peak);
        }
        if (spectra)
            hash.Add((uint)peak);
        WindowCount++;
        PeakSum += peak;
        Checksum += hash.Value;
    }

    /// <summary>
    /// A window shares three quarters of its samples with the one before: only the new quarter is read, and merged with what is known of the
    /// others (panes; Li et al. 2005, doi:10.1145/1058150.1058158). Sums of integers: the same in any order.
    /// </summary>
    private static WardStatistics Slide(Span<WardStatistics> panes, in Window window, int channel)
    {
        var newPanes = window.NewSampleCount / PaneLength;
        panes[newPanes..].CopyTo(panes);
        for (var i = PaneCount - newPanes; i < PaneCount; i++)
            panes[i] = WardStatistics.Of(window.Int16(channel, i * PaneLength, PaneLength));
        var merged = panes[0];
        foreach (ref readonly var pane in panes[1..])
            merged = merged.And(pane);
        return merged;
    }

    public void Finish(in Window tail, StageOutput output)
    {
        // The workload gives out no incomplete window.
    }

    public void Reset()
    {
        // The window after a reset is new from end to end.
    }

    private static void Transform(ReadOnlySpan<short> samples, WardStatistics statistics, int channel, ref int peak)
    {
        var buffers = _buffers ??= new Buffers();
        var mean = statistics.Mean;
        ToFloat(samples, buffers.Samples);
        if (statistics.Count < samples.Length)
            for (var i = 0; i < samples.Length; i++)
                if (samples[i] == SampleChunk.MissingInt16)
                    buffers.Samples[i] = mean;      // 0 after the mean is taken off
        RealFft.Of(Points).Power(buffers.Samples.AsSpan(0, samples.Length), mean, buffers.Hann, buffers.Power);
        buffers.TotalPower[channel] = System.Numerics.Tensors.TensorPrimitives.Sum<float>(buffers.Power);
        if (channel == 0)
            peak = FirstBin + System.Numerics.Tensors.TensorPrimitives.IndexOfMax(buffers.Power.AsSpan(FirstBin, LastBin - FirstBin + 1));
    }

    private static void ToFloat(ReadOnlySpan<short> from, Span<float> to)
    {
        var at = 0;
        for (; at <= from.Length - 16; at += 16)
        {
            var (low, high) = System.Runtime.Intrinsics.Vector256.Widen(System.Runtime.Intrinsics.Vector256.Create(from.Slice(at, 16)));
            System.Runtime.Intrinsics.Vector256.CopyTo(System.Runtime.Intrinsics.Vector256.ConvertToSingle(low), to[at..]);
            System.Runtime.Intrinsics.Vector256.CopyTo(System.Runtime.Intrinsics.Vector256.ConvertToSingle(high), to[(at + 8)..]);
        }
        for (; at < from.Length; at++)
            to[at] = from[at];
    }

    private sealed class Buffers
    {
        public readonly float[] Samples = new float[1000];
        public readonly float[] Hann = [.. Tapers.Hann(1000).Select(w => (float)w)];
        public readonly float[] Power = new float[Points / 2 + 1];
        public readonly float[] TotalPower = new float[WardSignal.ChannelCount];
    }

    private ref struct Fnv(ulong seed)
    {
        public ulong Value = seed;

        public void Add(uint word) => Value = (Value ^ word) * 0x100000001B3;

        public void Add(float value) => Add(BitConverter.SingleToUInt32Bits(value));
    }
}
