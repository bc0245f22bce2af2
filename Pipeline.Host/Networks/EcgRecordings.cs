using Pipeline.Host.Recordings;
using Pipeline.Models.Signals;
using Pipeline.Training.Qrs;

namespace Pipeline.Host.Networks;

/// <summary>ECG records of the WFDB form, with the reference beats of their <c>.atr</c> file where there is one.</summary>
internal static class EcgRecordings
{
    private const int FlutterBegins = 32, FlutterEnds = 33, RhythmChanges = 28;

    /// <summary>Reads a record; all its channels are taken for ECG leads.</summary>
    /// <exception cref="RecordingException">It is broken.</exception>
    public static EcgRecording Read(string folder, string name)
    {
        var (rateHz, leads) = ReadLeads(Path.Combine(folder, name + ".hea"));
        var annotations = Path.Combine(folder, name + ".atr");
        var marks = File.Exists(annotations) ? WfdbAnnotations.Read(annotations) : [];
        var flutter = new List<(double, double)>();
        var begin = -1;
        foreach (var mark in marks)
        {
            if (mark.Code == FlutterBegins)
                begin = mark.Sample;
            if (mark.Code == FlutterEnds && begin >= 0)
                flutter.Add((begin, mark.Sample));
        }
        return new EcgRecording
        {
            Name = name,
            RateHz = rateHz,
            Leads = leads,
            Beats = [.. marks.Where(m => m.IsBeat).Select(m => new EcgBeat(m.Sample, m.Code))],
            Flutter = [.. flutter],
            Rhythms = [.. Rhythms([.. marks.Where(m => m.Code == RhythmChanges && m.Text.StartsWith('('))], leads[0].Length)],
        };
    }

    private static IEnumerable<(double From, double To, string Name)> Rhythms(WfdbAnnotation[] changes, int samples) =>
        changes.Select((change, i) => ((double)change.Sample, i + 1 < changes.Length ? changes[i + 1].Sample : (double)samples, change.Text));

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
}
