using System.Runtime.InteropServices;
using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Fetal;

/// <summary>Abdominal leads with the fetus's reference beats.</summary>
/// <param name="Name">Name of the record.</param>
/// <param name="RateHz">Samples per second.</param>
/// <param name="Leads">[leads][samples], mV; NaN is missing.</param>
/// <param name="Beats">Seconds of the reference beats, ascending.</param>
internal sealed record FetalRecording(string Name, double RateHz, float[][] Leads, double[] Beats)
{
    private const int NormalBeat = 1;
    private const double GapIntervals = 1.5;

    /// <summary>Length in seconds.</summary>
    public double Seconds => Leads[0].Length / RateHz;

    /// <summary>Reads a record whose reference is an annotation file beside it.</summary>
    /// <param name="path">The recording.</param>
    /// <param name="annotations">Its marks.</param>
    public static FetalRecording Read(string path, string annotations)
    {
        var samples = RecordedSamples.Read(path, SignalKind.FetalEcg, RecordingOptions.None)
            ?? throw new InvalidDataException($"{path} has no abdominal leads");
        var beats = WfdbAnnotations.Read(annotations).Where(mark => mark.Code == NormalBeat).Select(mark => mark.Sample / samples.RateHz);
        return new FetalRecording(Path.GetFileNameWithoutExtension(path), samples.RateHz, samples.Of(SignalKind.FetalEcg), [.. beats.Order()]);
    }

    /// <summary>Some of the leads.</summary>
    public FetalRecording With(params int[] leads) => this with { Leads = [.. leads.Select(lead => Leads[lead])] };

    /// <summary>Spans without marks though the heart beats: intervals of the reference of more than 1.5 times the median. What is found in them counts neither way.</summary>
    public (double From, double To)[] Gaps()
    {
        var intervals = Beats.Zip(Beats.Skip(1), (a, b) => b - a).Order().ToArray();
        if (intervals.Length == 0)
            return [];
        var longest = GapIntervals * intervals[intervals.Length / 2];
        return [.. Beats.Zip(Beats.Skip(1)).Where(pair => pair.Second - pair.First > longest)];
    }

    /// <summary>The samples as a device sends them, a second a chunk.</summary>
    public IEnumerable<SampleChunk> Chunks()
    {
        var layout = new ChannelLayout([.. Leads.Select((_, l) => new Channel($"AECG{l + 1}", SignalKind.FetalEcg, "mV"))]);
        var (size, all) = ((int)RateHz, Leads[0].Length);
        for (var first = 0; first < all; first += size)
        {
            var count = Math.Min(size, all - first);
            var values = new float[Leads.Length * count];
            for (var l = 0; l < Leads.Length; l++)
                Leads[l].AsSpan(first, count).CopyTo(values.AsSpan(l * count));
            yield return new SampleChunk
            {
                Patient = new PatientId(Name),
                Bed = "",
                Ward = "",
                Device = "abdomen",
                Epoch = 0,
                RateHz = RateHz,
                FirstSampleIndex = first,
                FirstSampleTime = default(Timestamp).AddSeconds(first / RateHz),
                Channels = layout,
                SampleCount = count,
                Format = SampleFormat.Float32,
                Samples = MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
                EndOfStream = first + count >= all,
            };
        }
    }
}
