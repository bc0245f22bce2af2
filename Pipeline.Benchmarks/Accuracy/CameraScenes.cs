using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;

namespace Pipeline.Benchmarks.Accuracy;

/// <summary>Simulated camera traces by kind: a minute and a half each, drawn by a seed.</summary>
internal static class CameraScenes
{
    private const int Seconds = 90;

    /// <summary>Kinds with a pulse.</summary>
    public static readonly string[] Alive =
        ["still", "weak", "dark-skin", "moving", "nodding", "light-changes", "flicker", "drops", "fast", "fast-weak", "slow", "fingertip", "fingertip-moving", "fingertip-fast"];

    /// <summary>Kinds without one.</summary>
    public static readonly string[] Lifeless =
        ["empty", "empty-noisy", "empty-moving", "empty-swinging", "empty-flicker", "empty-slow-flicker", "empty-light-changes", "empty-drops", "fingertip-off"];

    /// <summary>The chunks, and the true mean rate of a window in seconds, 0 without a pulse.</summary>
    public static (List<SampleChunk> Chunks, Func<double, double, double> Truth) Of(string kind, int seed)
    {
        var random = new Random(unchecked(seed * 7919 + kind.Sum(letter => letter * 31)));
        double Between(double least, double most) => least + (most - least) * random.NextDouble();
        double Spread(double least, double most) => least * Math.Pow(most / least, random.NextDouble());
        var isAlive = Alive.Contains(kind);
        var scene = new CameraScene
        {
            Subject = kind.StartsWith("fingertip", StringComparison.Ordinal) && isAlive ? CameraSubject.Fingertip : isAlive ? CameraSubject.Face : CameraSubject.Lifeless,
            Tone = Between(0, 0.7),
            Pulse = Spread(0.004, 0.015),
            Noise = Spread(0.02, 0.1),
            Movement = Spread(0.001, 0.008),
        };
        scene = kind switch
        {
            "weak" or "fast-weak" => scene with { Pulse = Spread(0.002, 0.004), Noise = Spread(0.05, 0.2) },
            "dark-skin" => scene with { Tone = Between(0.8, 1) },
            "moving" or "fingertip-moving" or "empty-moving" => scene with { Movement = Spread(0.008, 0.05) },
            "nodding" or "empty-swinging" => scene with { Movement = Spread(0.005, 0.04), MovementPerMinute = Between(30, 160) },
            "light-changes" or "empty-light-changes" => scene with { LightChangesPerMinute = Between(1, 8) },
            "flicker" => scene with { Flicker = Spread(0.001, 0.004), FlickersPerMinute = Between(30, 240) },
            "empty-flicker" => scene with { Flicker = Spread(0.001, 0.05), FlickersPerMinute = Between(40, 240) },
            "empty-slow-flicker" => scene with { Flicker = Spread(0.001, 0.05), FlickersPerMinute = Between(5, 40) },
            "drops" or "empty-drops" => scene with { Dropped = Spread(0.01, 0.2) },
            "empty-noisy" => scene with { Noise = Spread(0.1, 1), Movement = Spread(0.0001, 0.001) },
            "empty" => scene with { Noise = Spread(0.01, 0.2), Movement = Spread(0.00003, 0.003) },
            "fingertip-off" => scene with { Subject = CameraSubject.Lifeless, Movement = Spread(0.01, 0.2), Light = Between(0.3, 1.3) },
            _ => scene,
        };
        var rate = kind switch { "fast" or "fast-weak" or "fingertip-fast" => Between(110, 215), "slow" => Between(38, 55), _ => Spread(48, 130) };
        var bed = new SimulatedBed(new BedScenario
        {
            Patient = new PatientId("bench"),
            Seed = unchecked(seed * 1009 + kind.Length),
            Start = default,
            RestingRate = rate,
            Variability = Between(0.3, 1.5) * (rate > 100 ? 0.4 : 1),
            HasPpg = false,
            EcgLeadCount = 0,
            Camera = scene,
        });
        var (chunks, beats) = (new List<SampleChunk>(), new List<TrueBeat>());
        for (var second = 0; second < Seconds; second++)
            bed.Next(chunks, beats, second == Seconds - 1);
        var feet = beats.ConvertAll(beat => beat with { Seconds = beat.PpgFootSeconds });
        return (chunks, (start, end) => isAlive ? TrueBeat.HeartRate(feet, start, end) : 0);
    }
}
