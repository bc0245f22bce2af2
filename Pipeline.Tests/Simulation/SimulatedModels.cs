using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Models.Features;
using Pipeline.Models.Packages;
using Pipeline.Tests.Serving;

namespace Pipeline.Tests.Simulation;

/// <summary>Two versions of a network, shared by all histories: they are asked for nothing but their names and row lengths.</summary>
internal static class SimulatedModels
{
    private static readonly TestModels Versions = new();

    public static RateModel First { get; } = Versions.Open("1");

    public static RateModel Second { get; } = Versions.Open("2");

    /// <summary>How a process serves, as the seed says: small batches, short queues, one worker or two.</summary>
    public static InferenceOptions SomeOptions(Random random) => new()
    {
        MaxBatch = random.Next(1, 9),
        Workers = random.Next(1, 3),
        QueueCapacity = 16,
        MaxDelay = random.Next(3) == 0 ? TimeSpan.FromMilliseconds(2) : TimeSpan.Zero,
    };

    /// <summary>A version in a process, by real workers on the process's scheduler.</summary>
    public static NetworkRegistry Serve(SimulatedProcess process, InferenceOptions options, RateModel version, Func<IModelSession, IModelSession>? through = null)
    {
        var networks = new NetworkRegistry(options, process.Clock, process);
        networks.Add(
            version, (model, sizes) => new StepSession((RateModel)model, sizes) is var session && through is not null ? through(session) : session,
            identity => identity == First.Identity ? First : Second);
        return networks;
    }
}
