using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace AaClip.LocalHost.Worker;

/// <summary>
/// A built function app: the output folder of the Worker SDK, as <c>func start</c> and Azure use it. functions.metadata lists the functions
/// and their bindings, worker.config.json names the worker program, host.json configures the triggers.
/// </summary>
internal sealed class FunctionApp
{
    private FunctionApp(string folder, string program, IReadOnlyList<FunctionDefinition> functions)
    {
        Folder = folder;
        Program = program;
        Functions = functions;
    }

    /// <summary>Full path of the app's folder.</summary>
    public string Folder { get; }

    /// <summary>Full path of the worker's assembly.</summary>
    public string Program { get; }

    /// <summary>The functions, in the order of functions.metadata.</summary>
    public IReadOnlyList<FunctionDefinition> Functions { get; }

    /// <summary>Full path of host.json; the file need not exist.</summary>
    public string HostJson => Path.Combine(Folder, "host.json");

    /// <summary>The app without the functions that a setting AzureWebJobs.NAME.Disabled disables, as in the Functions host.</summary>
    public FunctionApp Enabled(IConfiguration settings) =>
        new(
            Folder,
            Program,
            [
                .. Functions.Where(function =>
                    !IsTrue(settings[$"AzureWebJobs.{function.Name}.Disabled"])
                    && !IsTrue(settings[$"AzureWebJobs:{function.Name}:Disabled"])
                ),
            ]
        );

    /// <exception cref="InvalidOperationException">The folder is not a built function app.</exception>
    /// <exception cref="InvalidDataException">A file of the app cannot be read.</exception>
    public static FunctionApp Open(string folder)
    {
        folder = Path.GetFullPath(folder);
        JsonArray metadata =
            Read(folder, "functions.metadata") as JsonArray ?? throw Broken(folder, "functions.metadata", "it holds no array");
        JsonNode config = Read(folder, "worker.config.json");
        string worker =
            (string?)config["description"]?["defaultWorkerPath"]
            ?? throw Broken(folder, "worker.config.json", "it names no description.defaultWorkerPath");
        return new FunctionApp(folder, Path.Combine(folder, worker), [.. metadata.Select(entry => Function(entry, folder))]);
    }

    private static bool IsTrue(string? value) => value == "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);

    private static FunctionDefinition Function(JsonNode? entry, string folder)
    {
        string name = (string?)entry?["name"] ?? throw Broken(folder, "functions.metadata", "a function has no name");
        JsonArray bindings =
            entry!["bindings"] as JsonArray // not null: every function has a name
            ?? throw Broken(folder, "functions.metadata", $"function '{name}' has no bindings");
        Binding[] all = [.. bindings.OfType<JsonObject>().Select(binding => new Binding(binding))];
        Binding trigger =
            all.FirstOrDefault(binding => binding.Type.EndsWith("Trigger", StringComparison.OrdinalIgnoreCase))
            ?? throw Broken(folder, "functions.metadata", $"function '{name}' has no trigger");
        return new FunctionDefinition(
            Id: name,
            Name: name,
            (string?)entry["scriptFile"] ?? "",
            (string?)entry["entryPoint"] ?? "",
            trigger,
            Outputs: [.. all.Where(binding => binding.IsOutput)],
            All: all
        );
    }

    private static JsonNode Read(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
            throw new InvalidOperationException(
                $"'{folder}' is not a built function app: it has no {file}. Build src/Functions ('make build'), or name the folder "
                    + $"of its output."
            );
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path)) ?? throw Broken(folder, file, "it is JSON null");
        }
        catch (JsonException e)
        {
            throw Broken(folder, file, e.Message);
        }
    }

    private static InvalidDataException Broken(string folder, string file, string why) =>
        new($"'{Path.Combine(folder, file)}' cannot be read: {why}. Build the function app again.");
}

/// <summary>One function of the app.</summary>
/// <param name="Id">Id that the worker knows it by; the same as the name.</param>
/// <param name="Name">Unique in the app.</param>
/// <param name="ScriptFile">Assembly, within the folder.</param>
/// <param name="EntryPoint">Full name of class and method.</param>
/// <param name="Trigger">The trigger binding.</param>
/// <param name="Outputs">The bindings that receive its return value.</param>
/// <param name="All">All bindings: trigger, inputs and outputs.</param>
internal sealed record FunctionDefinition(
    string Id,
    string Name,
    string ScriptFile,
    string EntryPoint,
    Binding Trigger,
    IReadOnlyList<Binding> Outputs,
    IReadOnlyList<Binding> All
);

/// <summary>One binding, as in functions.metadata.</summary>
internal sealed class Binding(JsonObject json)
{
    /// <summary>Name of the parameter, or "$return".</summary>
    public string Name { get; } = (string?)json["name"] ?? "";

    /// <summary>"queueTrigger", "httpTrigger", "timerTrigger", "queue", "http" …</summary>
    public string Type { get; } = (string?)json["type"] ?? "";

    /// <summary>True for an output binding, false for an input.</summary>
    public bool IsOutput { get; } = string.Equals((string?)json["direction"], "Out", StringComparison.OrdinalIgnoreCase);

    /// <summary>The complete binding as JSON, for the worker.</summary>
    public string Raw { get; } = json.ToJsonString();

    /// <returns>Null where it is not set.</returns>
    public string? Text(string property) => (string?)json[property];

    /// <returns>False where it is not set.</returns>
    public bool Flag(string property) => (bool?)json[property] ?? false;

    /// <returns>Empty where it is not set.</returns>
    public IReadOnlyList<string> Texts(string property) =>
        json[property] is JsonArray values ? [.. values.Select(value => (string?)value ?? "")] : [];
}
