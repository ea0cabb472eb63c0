// @ts-check
const path = require('path');
const {themes} = require('prism-react-renderer');
const rootedLinks = require('./src/remark/rooted-links');

const translated = (locale) =>
  path.join(__dirname, 'i18n', locale, 'docusaurus-plugin-content-docs', 'current');

/** @returns {Promise<import('@docusaurus/types').Config>} */
module.exports = async function createConfig() {
  // Both are ES modules, so they are loaded with import().
  const remarkMath = (await import('remark-math')).default;
  const rehypeKatex = (await import('rehype-katex')).default;
  const math = {remarkPlugins: [remarkMath], rehypePlugins: [rehypeKatex]};

  return {
    title: 'Physical AI & Humanoid Robotics',
    tagline: 'From ROS 2 nodes to a humanoid that listens, plans and acts',
    favicon: 'img/favicon.svg',

    url: 'https://example.github.io',
    baseUrl: '/physical-ai-book/',

    onBrokenLinks: 'throw',
    onBrokenAnchors: 'throw',
    onDuplicateRoutes: 'throw',

    markdown: {
      mermaid: true,
      hooks: {
        onBrokenMarkdownLinks: 'throw',
        onBrokenMarkdownImages: 'throw',
      },
    },

    i18n: {
      defaultLocale: 'en',
      locales: ['en', 'ur'],
      localeConfigs: {
        en: {label: 'English', direction: 'ltr', htmlLang: 'en'},
        ur: {label: 'اردو', direction: 'rtl', htmlLang: 'ur'},
      },
    },

    plugins: [
      [
        '@docusaurus/plugin-content-docs',
        {
          path: 'docs',
          routeBasePath: 'docs',
          sidebarPath: './sidebars.js',
          beforeDefaultRemarkPlugins: [
            [rootedLinks, {roots: [path.join(__dirname, 'docs'), translated('ur')]}],
          ],
          ...math,
        },
      ],
      ['@docusaurus/plugin-content-pages', {path: 'src/pages'}],
    ],

    themes: [
      ['@docusaurus/theme-classic', {customCss: './src/css/custom.css'}],
      '@docusaurus/theme-mermaid',
    ],

    clientModules: [
      require.resolve('katex/dist/katex.min.css'),
      require.resolve('./src/book-chat.js'),
    ],

    // The chat beside every page: the address of its server, and attributes of <book-chat>.
    customFields: {
      bookChat: {
        server:
          process.env.BOOK_CHAT_SERVER ??
          (process.env.NODE_ENV === 'development' ? 'http://localhost:7860' : ''),
        content: 'article',
      },
    },

    themeConfig:
      /** @type {import('@docusaurus/theme-classic').Options & Record<string, unknown>} */
      ({
        docs: {sidebar: {hideable: true, autoCollapseCategories: true}},
        colorMode: {respectPrefersColorScheme: true},
        navbar: {
          title: 'Physical AI & Humanoid Robotics',
          items: [
            {type: 'docSidebar', sidebarId: 'book', position: 'left', label: 'Book'},
            {type: 'doc', docId: 'glossary', position: 'left', label: 'Glossary'},
            {type: 'localeDropdown', position: 'right'},
          ],
        },
        footer: {
          style: 'dark',
          links: [
            {
              title: 'Modules',
              items: [
                {label: 'The Robotic Nervous System', to: '/docs/module-1/'},
                {label: 'The Digital Twin', to: '/docs/module-2/'},
                {label: 'The Robot Brain', to: '/docs/module-3/'},
                {label: 'Vision-Language-Action', to: '/docs/module-4/'},
              ],
            },
            {
              title: 'Course',
              items: [
                {label: 'Hardware and lab guide', to: '/docs/hardware-and-lab-guide'},
                {label: 'Weekly plan', to: '/docs/weekly-plan'},
                {label: 'Glossary', to: '/docs/glossary'},
              ],
            },
          ],
          copyright: 'A sample textbook for teaching and testing.',
        },
        prism: {
          theme: themes.github,
          darkTheme: themes.dracula,
          additionalLanguages: ['bash', 'cmake', 'csharp', 'ini', 'json', 'markup', 'yaml'],
        },
      }),
  };
};
