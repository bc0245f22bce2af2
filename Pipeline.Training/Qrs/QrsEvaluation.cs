using Pipeline.Models.Estimators.Ecg;
using Pipeline.Training.Evaluation;

namespace Pipeline.Training.Qrs;

/// <summary>Counts of the detector with a network on one recording.</summary>
/// <param name="BothLeads">Beats with all leads.</param>
/// <param name="FirstLead">Beats with the first lead alone.</param>
/// <param name="Noisy">Beats in the noisy minutes at 6 and 0 dB with all leads, then with the first lead alone; empty without electrode
/// motion noise.</param>
public sealed record QrsEvaluation(BeatCounts BothLeads, BeatCounts FirstLead, IReadOnlyList<BeatCounts> Noisy)
{
    private const double ToleranceSeconds = 0.15;
    private static readonly int[] Decibels = [6, 0];

    /// <summary>Measures <paramref name="record"/> by a network from a package, ±150 ms.</summary>
    public static QrsEvaluation Of(EcgRecording record, QrsModel model, EcgRecording? noise)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(record, model.Network, noise);
    }

    /// <summary>Measures <paramref name="record"/> by a network that was just trained, ±150 ms.</summary>
    public static QrsEvaluation Of(EcgRecording record, QrsClassifier network, EcgRecording? noise)
    {
        ArgumentNullException.ThrowIfNull(network);
        return Of(record, network.ToNetwork(), noise);
    }

    private static QrsEvaluation Of(EcgRecording record, QrsNetwork decision, EcgRecording? noise)
    {
        ArgumentNullException.ThrowIfNull(record);
        var noisy = new List<BeatCounts>();
        if (noise is not null && noise.RateHz == record.RateHz)
            foreach (var one in new[] { false, true })
                foreach (var decibels in Decibels)
                {
                    var mixed = NoiseStress.Mix(record, noise, decibels);
                    noisy.Add(Count(one ? mixed.With(mixed.Leads[0]) : mixed, decision, sample =>
                        NoiseStress.IsNoisy(sample, record.RateHz)));
                }
        return new QrsEvaluation(Count(record, decision, _ => true), Count(record.With(record.Leads[0]), decision, _ => true), noisy);
    }

    private static BeatCounts Count(EcgRecording record, QrsNetwork network, Func<double, bool> counts)
    {
        bool Counts(double sample) => record.IsScored(sample) && counts(sample);
        var references = record.Beats.Select(b => b.Sample).Where(Counts).ToArray();
        var found = QrsTrainingSet.Detect(record, network, null).Where(Counts).ToArray();
        var matching = BeatMatching.Of(references, found, ToleranceSeconds * record.RateHz);
        return new BeatCounts(matching.True, matching.False, matching.Missed);
    }
}
