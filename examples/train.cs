#:project ../Pipeline.Training/Pipeline.Training.csproj
#:property PublishAot=false
// Trains the heart-rate network with three learning rates on simulated beds, and compares them on beds that none has seen: the beginning of
// an experiment of your own. From the repository's root (./pipeline test or ./pipeline train lays libtorch there):
//   PIPELINE_LIBTORCH=.cache/libtorch dotnet run --configuration Release examples/train.cs [STEPS]
// With your recordings and without code: ./pipeline train heart-rate --data DIR --folds loso
using Pipeline.Models;
using Pipeline.Models.Signals;
using Pipeline.Models.Simulation;
using Pipeline.Training.HeartRate;
using Pipeline.Training.Torch;

if (Libtorch.Fault is { } fault)
    throw new InvalidOperationException(fault);
var steps = args.Length > 0 ? int.Parse(args[0]) : 60;

// ## Data: six beds to train on, three to compare on; five minutes each.
var training = Enumerable.Range(0, 6).Select(bed => Record(bed, seed: 1, seconds: 300)).ToArray();
var held = Enumerable.Range(6, 3).Select(bed => Record(bed, seed: 2, seconds: 300)).ToArray();
Console.WriteLine($"{training.Length} beds to train on, {held.Length} held out: {string.Join(", ", held.Select(bed => bed.Subject))}");

// ## Training, and the score of each
Console.WriteLine("learning rate  loss    held-out error  within 5/min  in the 90 % interval");
foreach (var rate in new[] { 1e-3, 4e-3, 1e-2 })
{
    var trainer = new RateTrainer(new RateTrainingOptions { Steps = steps, LearningRate = rate, Seed = 1 });
    using var loop = trainer.Begin([.. training.Select(trainer.See)]);
    var loss = double.NaN;
    while (loop.Step < loop.Steps)
        loss = loop.Next().Loss;
    loop.Network.eval();
    var scores = held.Select(bed => RateTrainer.Score((RateNetwork)loop.Network, trainer.See(bed))).ToArray();
    var (error, near, covered) = (scores.Average(s => s.MeanError), scores.Average(s => s.Near), scores.Average(s => s.Covered));
    Console.WriteLine($"{rate,-13}  {loss,-6:F3}  {error,-8:F2} /min   {near,-12:P1}  {covered:P1}");
}

// A simulated bed as a recording: its PPG and accelerometer, and the true heart rate of each window of 8 s.
static RateRecording Record(int index, int seed, int seconds)
{
    var scenario = SimulatedWard.Bed(index, seed, Timestamp.From(DateTimeOffset.UnixEpoch), epoch: 0, default);
    var bed = new SimulatedBed(scenario);
    var chunks = new List<SampleChunk>();
    var beats = new List<TrueBeat>();
    while (bed.Seconds < seconds)
        bed.Next(chunks, beats);
    var wrist = chunks.Where(chunk => chunk.Channels.IndicesOf(SignalKind.Ppg).Length > 0).OrderBy(chunk => chunk.FirstSampleIndex).ToArray();
    var labels =
        from window in Enumerable.Range(0, (seconds - 8) / 2)
        let rate = TrueBeat.HeartRate(beats, 2 * window, 2 * window + 8)
        where double.IsFinite(rate)
        select (2.0 * window, rate);
    return new RateRecording(
        scenario.Bed, scenario.Patient.Value, "simulated", wrist[0].RateHz,
        Channels(wrist, SignalKind.Ppg), Channels(wrist, SignalKind.Acc), [.. labels]);
}

static float[][] Channels(SampleChunk[] chunks, SignalKind kind) =>
    [.. chunks[0].Channels.IndicesOf(kind).Select(at => chunks.SelectMany(chunk => Physical(chunk, at)).ToArray())];

static float[] Physical(SampleChunk chunk, int at)
{
    var channel = chunk.Channels[at];
    return [.. chunk.Int16(at).ToArray().Select(stored => (float)((stored - channel.Baseline) / channel.Gain))];
}
