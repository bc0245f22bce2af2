using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Networks;
using Pipeline.Models.Packages;

namespace Pipeline.Host.Commands;

/// <summary><c>models</c>: the model packages that are found.</summary>
internal static class ModelsCommand
{
    private const int HashDigits = 12;

    public static Command Create()
    {
        var more = new Option<string?>("--models") { Description = "Another folder of model packages, or one package.", HelpName = "DIR" };
        var command = new DocumentedCommand(
            "models", "List the networks that can estimate: what they take, their size, their error.",
            "./pipeline models",
            "./pipeline models --models my-models")
        {
            more,
        };
        command.SetAction(parsed =>
        {
            var found = ModelCatalog.Find(parsed.GetValue(more));
            var output = parsed.InvocationConfiguration.Output;
            if (found.Count == 0)
                output.WriteLine("No model packages; classical needs none.");
            foreach (var model in found)
                Write(model, output);
            return found.Any(model => model.Fault is not null) ? ExitCode.Failed : ExitCode.Ok;
        });
        return command;
    }

    private static void Write(FoundModel model, TextWriter output)
    {
        if (model.Package is not { } package)
        {
            output.WriteLine($"broken: {model.Fault}");
            return;
        }
        var m = package.Manifest;
        output.WriteLine(package.Identity);
        Line("task", m.Task);
        Line("takes", string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(", ", m.Kinds)} at {m.MinRateHz} to {m.MaxRateHz} Hz{(m.WindowSeconds > 0 ? $", windows of {m.WindowSeconds} s every {m.HopSeconds} s" : ", candidate by candidate")}"));
        Line("size", string.Create(CultureInfo.InvariantCulture, $"{m.Parameters} parameters, {m.Mflop} MFLOP a window, {m.StateLength} floats of state a stream"));
        foreach (var key in new[] { "figures", "terms" })
            if (m.Card.TryGetValue(key, out var text))
                Line(key, text);
        Line("hash", m.Sha256[ModelPackage.NetworkFile][..HashDigits]);
        Line("folder", model.Folder);

        void Line(string key, string text) => output.WriteLine($"  {key,-8}{text}");
    }
}
