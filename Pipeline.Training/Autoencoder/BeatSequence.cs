using Pipeline.Models;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Training.Evaluation;
using Pipeline.Training.Qrs;

namespace Pipeline.Training.Autoencoder;

/// <summary>A recording's leads and the beats that the program itself finds in them.</summary>
internal sealed class BeatSequence
{
    private const double ToleranceSeconds = 0.15;

    private BeatSequence(EcgRecording recording, double[] places, bool[] areNormal)
    {
        (Person, RateHz, Places, AreNormal) = (QrsTrainingSet.PersonOf(recording.Name), recording.RateHz, places, areNormal);
        Leads = Array.ConvertAll(recording.Leads, lead => new BeatLead(lead, recording.RateHz));
        var height = Enumerable.Range(0, recording.Leads.Length).Select(lead => (float)NoiseStress.QrsHeight(recording, lead));
        Heights = [.. height];
    }

    /// <summary>Who is held out together.</summary>
    public string Person { get; }

    /// <summary>Samples per second.</summary>
    public double RateHz { get; }

    /// <summary>The leads.</summary>
    public BeatLead[] Leads { get; }

    /// <summary>Height of a lead's QRS complexes, in its unit, as the noise stress test has it.</summary>
    public float[] Heights { get; }

    /// <summary>The beats' samples, ascending.</summary>
    public double[] Places { get; }

    /// <summary>Whether a reference says of a beat that it is normal.</summary>
    public bool[] AreNormal { get; }

    /// <summary>Finds the beats of a recording.</summary>
    public static BeatSequence Of(EcgRecording recording, QrsModel? qrs)
    {
        var layout = new ChannelLayout([.. recording.Leads.Select((_, l) => new Channel($"ECG{l}", SignalKind.Ecg, "mV"))]);
        double[] found = [.. StreamRun.Of(StreamRun.Chunks(recording.Leads, layout, recording.RateHz), first => [new EcgStage(first.Channels, first.RateHz, qrs)])
            .SelectMany(window => window.Beats).Select(beat => beat.SampleIndex)];
        var matching = BeatMatching.Of([.. recording.Beats.Select(b => b.Sample)], found, ToleranceSeconds * recording.RateHz);
        return new BeatSequence(recording, found, [.. matching.Partners.Select(partner => partner >= 0 && recording.Beats[partner].IsNormal)]);
    }
}
