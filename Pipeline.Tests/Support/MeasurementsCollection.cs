using Xunit;

namespace Pipeline.Tests.Support;

/// <summary>
/// Tests that scrape this process. They run by themselves: OpenTelemetry ends a metric when any instrument of that name is disposed of, also one
/// that another test created.
/// </summary>
[CollectionDefinition(nameof(MeasurementsCollection), DisableParallelization = true)]
public sealed class MeasurementsCollection;
