using System.Text.Encodings.Web;
using System.Text.Unicode;
using Fluid;

namespace AaClip.Reports;

/// <summary>
/// A report as one self-contained HTML file: a Liquid template, embedded beside the class that fills it, inside the layout and style that
/// all reports share. All values are escaped; use <c>| raw</c> in a template only for Base64.
/// </summary>
public sealed class HtmlPage
{
    private static readonly FluidParser Parser = new();

    // Strict: an unknown name in a template throws instead of rendering nothing. Null also counts as unknown, so models use "" or false
    // instead.
    private static readonly TemplateOptions Options = new()
    {
        MemberAccessStrategy = new UnsafeMemberAccessStrategy(), // all properties: the templates are part of this program
        StrictVariables = true,
        StrictFilters = true,
    };

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly IFluidTemplate Layout = Read(typeof(HtmlPage), "layout.liquid");

    private readonly IFluidTemplate _body;

    /// <summary>Reads a template.</summary>
    /// <param name="owner">Class whose assembly and namespace contain the embedded file.</param>
    /// <param name="file">Name of the file, such as "job.liquid".</param>
    /// <exception cref="ArgumentException">The file is missing or is not a valid template; the message says where.</exception>
    public HtmlPage(Type owner, string file) => _body = Read(owner, file);

    /// <summary>Renders the template as a complete HTML page.</summary>
    /// <param name="title">Title of the page.</param>
    /// <param name="model">Its public properties, and those of their values, are the variables of the template; none may be null.</param>
    /// <exception cref="FluidException">The template uses a name that the model does not have.</exception>
    public string Render(string title, object model)
    {
        string body = _body.Render(new TemplateContext(model, Options), Encoder);
        return Layout.Render(new TemplateContext(new { Title = title, Body = body }, Options), Encoder);
    }

    private static IFluidTemplate Read(Type owner, string file)
    {
        using Stream stream =
            owner.Assembly.GetManifestResourceStream(owner, file)
            ?? throw new ArgumentException($"No '{file}' is embedded beside {owner.FullName}: make it an EmbeddedResource.", nameof(file));
        using StreamReader reader = new(stream);
        return Parser.TryParse(reader.ReadToEnd(), out IFluidTemplate template, out string error)
            ? template
            : throw new ArgumentException($"{file} is no Liquid template: {error}", nameof(file));
    }
}
