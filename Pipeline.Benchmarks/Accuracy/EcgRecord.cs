using System.Runtime.InteropServices;
using Pipeline.Host.Recordings;
using Pipeline.Models;
using Pipeline.Models.Estimators;
using Pipeline.Models.Signals;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>A two-lead record with its reference beats.</summary>
internal sealed class EcgRecord
{
    public required string Name { get; init; }

    public required double RateHz { get; init; }

    /// <summary>[leads][samples], mV.</summary>
    public required float[][] Leads { get; init; }

    /// <summary>Reference beats, ascending.</summary>
    public required WfdbAnnotation[] Beats { get; init; }

    /// <summary>Spans of ventricular flutter, in samples: their beats count neither way.</summary>
    public required (int From, int To)[] Flutter { get; init; }

    public int SampleCount => Leads[0].Length;

    /// <summary>Reads a WFDB record; its beats from the <c>.atr</c> file where there is one.</summary>
    public static EcgRecord Read(string folder, string name)
    {
        var (rateHz, leads) = ReadLeads(Path.Combine(folder, name + ".hea"));
        var annotations = Path.Combine(folder, name + ".atr");
        var marks = File.Exists(annotations) ? WfdbAnnotations.Read(annotations) : [];
        var flutter = new List<(int, int)>();
        var begin = -1;
        foreach (var mark in marks)
        {
            if (mark.Code == 32)
                begin = mark.Sample;
            if (mark.Code == 33 && begin >= 0)
                flutter.Add((begin, mark.Sample));
        }
        return new EcgRecord { Name = name, RateHz = rateHz, Leads = leads, Beats = [.. marks.Where(m => m.IsBeat)], Flutter = [.. flutter] };
    }

    /// <summary>The same reference with other samples.</summary>
    public EcgRecord With(params float[][] leads) => new() { Name = Name, RateHz = RateHz, Leads = leads, Beats = Beats, Flutter = Flutter };

    /// <summary>The same samples, said to be taken <paramref name="speed"/> times as fast.</summary>
    public EcgRecord Played(double speed) => new() { Name = Name, RateHz = speed * RateHz, Leads = Leads, Beats = Beats, Flutter = Flutter };

    public bool IsScored(double sample) => !Flutter.Any(span => sample >= span.From && sample <= span.To);

    /// <summary>What the ECG stage says of it, through the product's own windows.</summary>
    public List<WindowResult> Run(QrsScore score) =>
        [.. StreamRun.Of(Chunks(), first => [new EcgStage(first.Channels, first.RateHz, score)])];

    private static (double RateHz, float[][] Leads) ReadLeads(string path)
    {
        using var recording = Recording.Open(path, new RecordingOptions([new ChannelOverride("*", SignalKind.Ecg)]));
        var (_, rateHz, channels) = recording.Devices.Single();
        var leads = Enumerable.Range(0, channels.Count).Select(_ => new List<float>()).ToArray();
        foreach (var chunk in recording.Chunks(new RecordedPatient(new PatientId("record"), "", "", 0, default)))
            for (var c = 0; c < channels.Count; c++)
                foreach (var stored in chunk.Int16(c))
                    leads[c].Add(stored == SampleChunk.MissingInt16 ? float.NaN : (float)((stored - channels[c].Baseline) / channels[c].Gain));
        return (rateHz, [.. leads.Select(lead => lead.ToArray())]);
    }

    private IEnumerable<SampleChunk> Chunks()
    {
        var layout = new ChannelLayout([.. Leads.Select((_, l) => new Channel($"ECG{l}", SignalKind.Ecg, "mV"))]);
        var size = (int)RateHz;
        for (var first = 0; first < SampleCount; first += size)
        {
            var count = Math.Min(size, SampleCount - first);
            var values = new float[Leads.Length * count];
            for (var l = 0; l < Leads.Length; l++)
                Leads[l].AsSpan(first, count).CopyTo(values.AsSpan(l * count));
            yield return new SampleChunk
            {
                Patient = new PatientId(Name),
                Bed = "",
                Ward = "",
                Device = "ecg",
                Epoch = 0,
                RateHz = RateHz,
                FirstSampleIndex = first,
                FirstSampleTime = default(Timestamp).AddSeconds(first / RateHz),
                Channels = layout,
                SampleCount = count,
                Format = SampleFormat.Float32,
                Samples = MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
                EndOfStream = first + count >= SampleCount,
            };
        }
    }
}
