namespace Pipeline.Benchmarks;

/// <summary>Every benchmark there is, in the order in which <c>./pipeline bench</c> runs them.</summary>
internal static class Catalog
{
    public static IReadOnlyList<IBenchmark> All { get; } =
    [
        new StftBenchmark(),
        new Ward.WardWindowsBenchmark(),
        new Ward.WardKafkaBenchmark(),
        new Entities.EntitiesBenchmark(),
        new Entities.SnapshotsBenchmark(),
        new Entities.CheckpointsBenchmark(),
        new Entities.RestoreBenchmark(),
        new Entities.StandbyBenchmark(),
        new Store.StoreWriteBenchmark(),
        new Ward.SimulatedWardBenchmark(),
        new Ward.EngineShareBenchmark(),
        new Ward.AlarmsBenchmark(),
        new Ward.AlarmTruthBenchmark(),
        new Ward.WardCatchUpBenchmark(),
        new Ward.FetalCatchUpBenchmark(),
        new Ward.WardLatencyBenchmark(),
        new Web.ViewersBenchmark(),
        new Web.PixelsBenchmark(),
        new Store.StoreOutageBenchmark(),
        new Inference.BatchingBenchmark(),
        new TrainingBenchmark(),
        new Accuracy.QrsAccuracy(),
        new Accuracy.HrvAccuracy(),
        new Accuracy.BeatAccuracy(),
        new Accuracy.AutoencoderAccuracy(),
        new Accuracy.Ecg5000Accuracy(),
        new Accuracy.RhythmAccuracy(),
        new Accuracy.TachycardiaAccuracy(),
        new Accuracy.AlarmAccuracy(),
        new Accuracy.PpgAccuracy(),
        new Accuracy.ExplanationChecks(),
        new Accuracy.PressureAccuracy(),
        new HeartSounds.HeartSoundAccuracy(),
        new Accuracy.CameraAccuracy(),
        new Fetal.FetalAccuracy(),
        new Ctg.CtgAccuracy(),
        new Fetal.FetalSimulated(),
        new Faults.RateFaults(),
        new Faults.PpgFaults(),
        new Kinds.KindsAccuracy(),
    ];

    public static IBenchmark? Find(string name) => All.FirstOrDefault(benchmark => benchmark.Name == name);
}
