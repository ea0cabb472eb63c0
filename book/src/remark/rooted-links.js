// @ts-check
const path = require('path');

/**
 * Rewrites relative file links (`./x.md`, `../module-1/x.md`) to links from the
 * docs root (`/module-1/x.md`). Docusaurus resolves the first kind only beside
 * the file itself, so a page would not find its neighbour when one of the two
 * is translated and the other is not; it looks for the second kind in the
 * locale's folder first and then in `docs/`.
 */
module.exports = function rootedLinks({roots}) {
  const absoluteRoots = roots.map((root) => path.resolve(root) + path.sep);

  return (tree, file) => {
    const root = absoluteRoots.find((dir) => file.path.startsWith(dir));
    if (!root) {
      return;
    }
    const fromRoot = path.dirname(file.path.slice(root.length));

    const visit = (node) => {
      if (node.type === 'link' || node.type === 'definition') {
        const match = /^(\.\.?\/[^#?]*\.mdx?)([#?].*)?$/.exec(node.url);
        if (match) {
          const target = path.posix.join(fromRoot.split(path.sep).join('/'), match[1]);
          if (!target.startsWith('..')) {
            node.url = `/${target}${match[2] ?? ''}`;
          }
        }
      }
      node.children?.forEach(visit);
    };
    visit(tree);
  };
};
