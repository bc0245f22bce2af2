using System.Globalization;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Training.Fetal;

/// <summary>
/// Simulated labours to learn from: fetal rates of 75 to 205 and mothers of 50 to 135, 1 to 4 leads, small fetal waves, noise, hum, leads that drop out, vernix, one rate for both, a lost signal,
/// and no fetus at all. A labour is a function of its seed.
/// </summary>
internal static class FetalSimulation
{
    /// <summary>Seeds of the labours that are learnt from begin here; those of benchmarks and tests lie below.</summary>
    public const int TrainingSeed = 1_000_000_000;

    /// <summary>Seeds of the labours that networks are scored on begin here.</summary>
    public const int HeldOutSeed = 1_500_000_000;

    private const int Seconds = 120;
    private const double LostMargin = 2;

    /// <summary>The windows of the labour of a seed.</summary>
    public static FetalSequence Of(int seed)
    {
        var scenario = Draw(new Random(seed), seed);
        var bed = new SimulatedBed(scenario);
        var (truth, chunks) = (new LabourTruth(), new List<SampleChunk>());
        while (bed.Seconds < Seconds)
            bed.Next(chunks, isLast: bed.Seconds + 1 == Seconds, labour: truth);
        chunks.RemoveAll(chunk => chunk.Device != "fecg");
        return FetalSequence.Of(
            seed.ToString(CultureInfo.InvariantCulture), scenario.Labour!.HasFetus ? "simulated" : "no fetus", chunks, scenario.Labour.LeadCount, (start, end) => RateOf(truth, start, end));
    }

    /// <summary>True rate of a window: 0 where the fetal signal is lost all through it, NaN where in part.</summary>
    private static double RateOf(LabourTruth truth, double start, double end)
    {
        var near = truth.Beats.Where(beat => beat.Seconds >= start - LostMargin && beat.Seconds < end).ToList();
        var seen = near.Where(beat => beat.Strength > 0).ToList();
        if (seen.Count == 0)
            return 0;
        return seen.Count < near.Count ? double.NaN : TrueBeat.HeartRate(seen.Select(beat => new TrueBeat(beat.Seconds, beat.Seconds, beat.Seconds, false)), start, end);
    }

    private static BedScenario Draw(Random random, int seed)
    {
        double Uniform(double from, double to) => from + (to - from) * random.NextDouble();
        double Log(double from, double to) => from * Math.Pow(to / from, random.NextDouble());
        bool Chance(double probability) => random.NextDouble() < probability;
        return new BedScenario
        {
            Patient = new PatientId("simulated"),
            Seed = seed,
            Start = default,
            RestingRate = Uniform(50, 135),
            Variability = Log(0.5, 2.5),
            EctopicShare = Chance(0.1) ? 0.05 : 0,
            HasPpg = false,
            EcgLeadCount = 0,
            Noise = Log(0.7, 3),
            Labour = new LabourScenario
            {
                HasFetus = Chance(0.85),
                FetalRate = Chance(0.5) ? double.NaN : Uniform(75, 205),
                FetalVariability = Uniform(3, 20),
                ContractionsPerTenMinutes = 5,
                Decelerations = new DecelerationShares(Variable: 0.4, Late: 0.2),
                AccelerationsPerHour = 20,
                CoincidencesPerHour = Chance(0.15) ? 30 : 0,
                PickUpsPerHour = Chance(0.2) ? 30 : 0,
                MovementsPerHour = 30,
                VernixPerHour = Chance(0.3) ? 30 : 0,
                LeadCount = 1 + random.Next(4),
                RateHz = Chance(0.5) ? 500 : 250,
                FetalSize = Log(4, 36),
                HumRatio = Chance(0.2) ? Log(0.3, 2.5) : 0,
                HumHz = Chance(0.5) ? 50.1 : 60,
                LeadDropoutsPerHour = Chance(0.3) ? 60 : 0,
                HasCtg = false,
            },
        };
    }
}
