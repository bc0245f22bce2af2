using System.CommandLine;
using Pipeline.Benchmarks;

// The ward benchmarks start this program once more, as the other side of the wire.
if (args is [Pipeline.Benchmarks.Ward.WardFeeder.Argument, .. var request])
    return await Pipeline.Benchmarks.Ward.WardFeeder.RunAsync(request);

var name = new Argument<string?>("NAME") { Arity = ArgumentArity.ZeroOrOne, Description = "Which benchmark; all of them when it is left out." };
var json = new Option<bool>("--json") { Description = "One JSON object a line: benchmark metric value unit, and reference reference_value ratio." };
var quick = new Option<bool>("--quick") { Description = "The least work that exercises everything: a smoke test, not a measurement." };
var data = new Option<string?>("--data") { Description = "Folder that holds the data sets of the accuracy benchmarks; the recordings beside the repository by default." };
var fit = new Option<bool>("--fit") { Description = "Accuracy benchmarks: fit the constants again and score each record by constants fitted without it." };
var model = new Option<string?>("--model") { Description = "ward-catch-up, ward-latency, kinds: what estimates from PPG (kinds: or decides on beats), by name or folder; else what is set by default." };
var autoencoder = new Option<string?>("--ecg-autoencoder") { Description = "engine-share: the autoencoder of an ECG, by name or folder, or auto; else none." };
var rows = new Option<string?>("--rows") { Description = "accuracy-ctg: file for a row of CSV a record of CTU-UHB." };
var list = new Option<bool>("--list") { Description = "Name the benchmarks and end." };
var root = new RootCommand("Measures the pipeline side by side with its references, in the same run.") { name, json, quick, data, fit, model, autoencoder, rows, list };
root.SetAction(async (parsed, stop) =>
{
    if (parsed.GetValue(list))
    {
        foreach (var benchmark in Catalog.All)
            Console.WriteLine($"{benchmark.Name,-16} {benchmark.Summary}");
        return 0;
    }
    var wanted = parsed.GetValue(name);
    var chosen = wanted is null ? Catalog.All : Catalog.Find(wanted) is { } one ? [one] : [];
    if (chosen.Count == 0)
    {
        await Console.Error.WriteLineAsync($"No benchmark '{wanted}'; there are: {string.Join(", ", Catalog.All.Select(b => b.Name))}.");
        return 2;
    }
    var asJson = parsed.GetValue(json);
    var report = new Report(Console.Out, asJson ? Console.Error : Console.Out, asJson, parsed.GetValue(quick))
    {
        Data = parsed.GetValue(data),
        Fit = parsed.GetValue(fit),
        Model = parsed.GetValue(model),
        Autoencoder = parsed.GetValue(autoencoder),
        Rows = parsed.GetValue(rows),
    };
    foreach (var benchmark in chosen)
    {
        report.Begin(benchmark);
        await benchmark.RunAsync(report, stop);
    }
    return 0;
});
return await root.Parse(args).InvokeAsync();
